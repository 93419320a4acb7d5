export type { AccountHandle } from './accounts/account-handle.ts';
export type { AccountSource } from './accounts/account-source.ts';
export type { AccountView } from './accounts/account-view.ts';
export { packageNames } from './plugins/locate.ts';
export { createKernel } from './create-kernel.ts';
export type { KernelPorts } from './create-kernel.ts';
export type { AnswerSink, AnswerStart, IngressCall } from './dispatch/ingress-call.ts';
export type { FaultPlace } from './faults/instance-faults.ts';
export type {
  AccountHealth,
  ChildHealth,
  CircuitHealth,
  FaultHealth,
  HealthSnapshot,
  PluginHealth,
} from './health/health-snapshot.ts';
export type { ApplyResult, Kernel, ModelEntry, ReloadResult } from './kernel.ts';
export type { LoginPage, Logins, LoginWish, LogoutResult } from './logins/logins.ts';
export type { LoginState, LoginView } from './logins/login-view.ts';
export { inspectPlugin, installedPluginIds, lookAtPlugin } from './plugins/inspect-plugin.ts';
export type { InspectSources, PluginInspection, PluginLook } from './plugins/inspect-plugin.ts';
export type { CommandNeed, PipNeed, PluginNeed } from './plugins/manifest-needs.ts';
export type { PreloadedPlugin } from './plugins/plan-instances.ts';
export type { PluginLimits } from './plugins/plugin-host.ts';
export type {
  InstanceState,
  ModelPatternDeclaration,
  PluginInstance,
} from './plugins/plugin-instance.ts';
export type { ChildFiles, ChildLog } from './ports/child-files.ts';
export type { Clock } from './ports/clock.ts';
export type {
  CredentialStore,
  StoredAccount,
  UnreadableAccount,
} from './ports/credential-store.ts';
export type {
  AnswerHead,
  AnswerPipe,
  BodyCheck,
  ClientForm,
  ClientRequest,
  Dialects,
  EncodeTarget,
  ErrorAnswer,
  EstimatedAnswer,
  EventExchange,
  EventPipe,
  EventStage,
  EventTarget,
  JsonKind,
  KeptState,
  ReplyExchange,
  ReplyPipe,
  RequestFacts,
  ToldFailure,
  WireExchange,
} from './ports/dialects.ts';
export type {
  AccountChanged,
  AttemptRecord,
  ChildChanged,
  CircuitChanged,
  EventSink,
  KernelEvent,
  PluginChanged,
  PluginFaulted,
  RequestFinished,
  StrayError,
} from './ports/event-sink.ts';
export type { Loggers } from './ports/loggers.ts';
export type { Problem } from './ports/problem.ts';
export type { StateStore } from './ports/state-store.ts';
export type { PluginStore, StoredPackage } from './ports/plugin-store.ts';
export type { SchemaChecker } from './ports/schema-checker.ts';
export type { SecretRegistry } from './ports/secret-registry.ts';
export type {
  AccountStrategyName,
  FailoverSettings,
  AccountSettings,
  KernelSettings,
  PluginSettings,
  RouteSettings,
  RouteTarget,
  StrategyName,
  TimeoutSettings,
} from './ports/settings.ts';
export type {
  AdmittedSocket,
  IssuedSocketTicket,
  SocketPlace,
  Sockets,
} from './sockets/sockets.ts';
export { explainPlan, formatExplanation } from './routing/explain.ts';
export type { Explanation } from './routing/explain.ts';
export type {
  AccountChoice,
  Candidate,
  OutReason,
  Plan,
  RouteQuery,
  RouteVia,
} from './routing/plan.ts';
