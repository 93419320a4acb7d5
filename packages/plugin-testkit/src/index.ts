export { startCtonew } from './ctonew/start-ctonew.ts';
export type { Ctonew } from './ctonew/start-ctonew.ts';
export type { CtonewAnswer } from './ctonew/web-answer.ts';
export { findChromium } from './find-chromium.ts';
export type { TestChromium } from './find-chromium.ts';
export { startScriptedUpstream } from './scripted-upstream.ts';
export type {
  AnswerScript,
  AnswerStep,
  ReceivedRequest,
  ScriptedAnswer,
  ScriptedUpstream,
} from './scripted-upstream.ts';
export { startTestGateway } from './start-test-gateway.ts';
export type {
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
