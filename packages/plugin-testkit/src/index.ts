export { openClientSocket } from './client-socket.ts';
export type { ClientSocket, ClientSocketOptions } from './client-socket.ts';
export { checkPackage } from './conformance/check-package.ts';
export type {
  Conformance,
  ConformancePlace,
  ConformanceUpstream,
  DocumentedError,
  Fakes,
  UpstreamRequest,
} from './conformance/conformance.ts';
export type { CheckResult } from './conformance/check.ts';
export type { Level } from './conformance/level.ts';
export { describePlugin } from './conformance/describe-plugin.ts';
export type { DescribeOptions, TestRunner } from './conformance/describe-plugin.ts';
export { reportBadge, reportText, resultText } from './conformance/report.ts';
export type { ConformanceReport } from './conformance/report.ts';
export { runConformance } from './conformance/run-conformance.ts';
export type { ConformanceRun } from './conformance/run-conformance.ts';
export { startCtonew } from './ctonew/start-ctonew.ts';
export type { Ctonew } from './ctonew/start-ctonew.ts';
export type { CtonewAnswer } from './ctonew/web-answer.ts';
export { findChromium } from './find-chromium.ts';
export type { TestChromium } from './find-chromium.ts';
export type { Fault, FaultKind } from './fault.ts';
export { LoginBrowser } from './oauth/login-browser.ts';
export { startOAuthServer } from './oauth/start-oauth-server.ts';
export type { OAuthServer, OAuthServerOptions } from './oauth/start-oauth-server.ts';
export { startTokenProxy } from './oauth/start-token-proxy.ts';
export type { TokenProxy, TokenRequest } from './oauth/start-token-proxy.ts';
export { startScriptedUpstream } from './scripted-upstream.ts';
export type { AnswerStep, ScriptedAnswer } from './scripted-answer.ts';
export type { AnswerScript, ReceivedRequest, ScriptedUpstream } from './scripted-upstream.ts';
export { startTestGateway } from './start-test-gateway.ts';
export type {
  GatewayEvent,
  InstalledTestPlugin,
  TestGateway,
  TestGatewayOptions,
  TestPlugin,
  TestQuestion,
} from './start-test-gateway.ts';
export { startVendor } from './upstreams/start-vendor.ts';
export type {
  StreamFaults,
  VendorAnswer,
  VendorCount,
  VendorError,
  VendorFault,
  VendorMessage,
  VendorPart,
  VendorReasoning,
  VendorText,
  VendorToolCall,
  VendorUsage,
  VendorVectors,
} from './upstreams/vendor-answer.ts';
export type { Vendor, VendorOptions, VendorRequest } from './upstreams/vendor.ts';
export type { WebaiAnswer, WebaiChat, WebaiKind } from './webai/service-answer.ts';
export { startWebai } from './webai/start-webai.ts';
export type { WebaiService, WebaiServiceOptions } from './webai/start-webai.ts';
export { replaceService } from './with-services.ts';
export type { TestService } from './with-services.ts';
export { hasXvfb, startXDisplay } from './x-display.ts';
export type { XDisplay } from './x-display.ts';
