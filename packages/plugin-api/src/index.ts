export type {
  Account,
  AccountContext,
  AccountRegistry,
  Credential,
  NewAccount,
} from './account.ts';
export { apiKeyAccounts } from './api-key-accounts.ts';
export { API_VERSION } from './api-version.ts';
export type { AuthContext, Authenticator, LoginSession } from './authenticator.ts';
export { configSchema } from './config-schema.ts';
export type { ConfigSchema } from './config-schema.ts';
export type { Contributions } from './contributions.ts';
export { definePlugin } from './define-plugin.ts';
export type { Dialect, Operation } from './dialect.ts';
export type { EmbedReply, EmbedRequest } from './embed.ts';
export { errorRow, errorTable, upstreamCodes } from './error-table.ts';
export type { ErrorCode, ErrorRow } from './error-table.ts';
export type {
  CallContext,
  EventExecutor,
  Executor,
  Speaks,
  WireCall,
  WireExecutor,
} from './executor.ts';
export type { Failure, FailureKind, Quota, VendorFault } from './failure.ts';
export { GatewayError, isGatewayError } from './gateway-error.ts';
export type { HealthProbe, HealthReport } from './health.ts';
export type {
  EventTransform,
  Hook,
  HookAttempt,
  HookAttemptRecord,
  HookBody,
  HookCall,
  HookChange,
  HookFailurePolicy,
  HookNeed,
  HookRecord,
  HookVeto,
} from './hook.ts';
export type { HeaderMap, HttpClient, OutgoingRequest, WireReply } from './http.ts';
export type { Json } from './json.ts';
export type { Logger } from './logger.ts';
export type { FinishReason, ModelEvent } from './model-event.ts';
export type { Capability, ModelInfo } from './model-info.ts';
export type {
  Citation,
  MediaPart,
  ModelRequest,
  Opaque,
  OutputFormat,
  Part,
  ReasoningPart,
  ReasoningWish,
  TextPart,
  Tool,
  ToolCallPart,
  ToolChoice,
  ToolResultPart,
  Turn,
} from './model-request.ts';
export type { Deps, GatewayPlugin, PluginContext, PluginOptions, Refs } from './plugin.ts';
export { readBody } from './read-body.ts';
export { secret } from './secret.ts';
export type { Secret } from './secret.ts';
export { services } from './services.ts';
export type { GatewayAddress, ServiceRef } from './services.ts';
export type {
  Socket,
  SocketAdmission,
  SocketEndpoint,
  SocketHead,
  SocketTicket,
} from './socket.ts';
export type {
  Child,
  ChildExit,
  ChildSpec,
  ChildState,
  ChildStatus,
  Supervisor,
} from './supervisor.ts';
export type { Usage } from './usage.ts';
