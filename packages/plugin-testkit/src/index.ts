export { startScriptedUpstream } from './scripted-upstream.ts';
export type {
  AnswerStep,
  ReceivedRequest,
  ScriptedAnswer,
  ScriptedUpstream,
} from './scripted-upstream.ts';
export { startTestGateway } from './start-test-gateway.ts';
export type { TestGateway, TestGatewayOptions, TestPlugin } from './start-test-gateway.ts';
