import type { FailureKind } from './failure.ts';

/** One row of the error table. */
export interface ErrorRow {
  /** HTTP status towards the client; 0 where it never reaches one. */
  readonly status: number;
  /** How clients' dialects name it; each dialect has its own word for the kind. */
  readonly kind: FailureKind;
  /** When it happens. */
  readonly when: string;
  /** What to do. */
  readonly remedy: string;
}

const row = (status: number, kind: FailureKind, when: string, remedy: string): ErrorRow =>
  Object.freeze({ status, kind, when, remedy });

/** Every error code of the gateway. `docs/TROUBLESHOOTING.md` lists the same codes; a test compares. */
export const errorTable = Object.freeze({
  CONFIG_NOT_FOUND: row(
    0,
    'bad-request',
    'The configuration file does not exist or cannot be read.',
    'Pass --config FILE, or start once without it to have one written.',
  ),
  CONFIG_SYNTAX: row(
    0,
    'bad-request',
    'The configuration file is not valid YAML, or too large or too deep.',
    'Mend the line that the message names.',
  ),
  CONFIG_INVALID: row(
    0,
    'bad-request',
    'A key or value in the configuration is not allowed.',
    'Mend the line that the message names; `cliproxy config schema` prints what is allowed.',
  ),
  CONFIG_ENV_UNSET: row(
    0,
    'bad-request',
    'The configuration names an environment variable that is not set.',
    'Set the variable, or write ${NAME:-default}.',
  ),
  CONFIG_UNSAFE: row(
    0,
    'bad-request',
    'The configuration would open the gateway to others without a key.',
    'Set server.apiKeys and server.adminKeys, or bind to 127.0.0.1.',
  ),
  PLUGIN_NOT_FOUND: row(
    503,
    'upstream',
    'No package of that name can be found from the configuration file or the gateway.',
    'Install the package beside the configuration file, or mend `package:`.',
  ),
  PLUGIN_BAD_MANIFEST: row(
    503,
    'upstream',
    "The package's `cliproxyPlugin` manifest is missing or malformed.",
    'Ask the plugin author; the message names the field.',
  ),
  PLUGIN_API_VERSION: row(
    503,
    'upstream',
    'The plugin was made for another version of the contract.',
    'Install the version of the plugin, or of the gateway, that the message names.',
  ),
  PLUGIN_EXPERIMENTAL: row(
    503,
    'upstream',
    'The plugin uses experimental parts of the contract, and nobody has agreed to that.',
    'Set `experimental: true` on the instance, or use a version of the plugin that does without.',
  ),
  PLUGIN_INTEGRITY: row(
    503,
    'upstream',
    'The files of an added plugin are not those that were added.',
    'Find out who changed the file that the message names, then add the plugin again.',
  ),
  PLUGIN_DUPLICATE: row(
    503,
    'upstream',
    'Two instances claim the same thing.',
    'Rename or remove one of them.',
  ),
  PLUGIN_BAD_CONFIG: row(
    503,
    'upstream',
    "The instance's `config` does not match the plugin's schema.",
    'Mend the line that the message names.',
  ),
  PLUGIN_IMPORT_FAILED: row(
    503,
    'upstream',
    "The plugin's code threw or hung while it was imported.",
    'Ask the plugin author; the cause is in the log.',
  ),
  PLUGIN_SETUP_FAILED: row(
    503,
    'upstream',
    "The plugin's `setup` or `start` threw.",
    'Read the cause in the message; mend the configuration or ask the plugin author.',
  ),
  PLUGIN_TIMEOUT: row(
    503,
    'upstream',
    "The plugin's `setup`, `start` or `stop` took too long.",
    'Ask the plugin author; set `required: false` to serve without it.',
  ),
  PLUGIN_BAD_CONTRIBUTION: row(
    503,
    'upstream',
    'What `setup` returned is malformed or differs from the manifest.',
    'Ask the plugin author; the message names the part.',
  ),
  PLUGIN_BAD_ACCOUNT: row(
    503,
    'upstream',
    'An account that the plugin brings is malformed or its key is taken.',
    'Ask the plugin author; the message names the account.',
  ),
  PLUGIN_BAD_CHILD: row(
    503,
    'upstream',
    'A process that the plugin wants to run is described wrongly, or may not be run.',
    'Mend the command in the configuration, or ask the plugin author; the message names the part.',
  ),
  PLUGIN_CHILD_DOWN: row(
    503,
    'upstream',
    'A process that the plugin needs does not run.',
    'Read why in `cliproxy status` and in its log file under `logs/` in the data folder.',
  ),
  PLUGIN_NOT_ISOLATED: row(
    503,
    'upstream',
    "The plugin has something that can't be had from a process of its own.",
    'Leave `isolation` out at the instance; the message names what it is.',
  ),
  PLUGIN_PROCESS_DOWN: row(
    503,
    'upstream',
    'The process of an instance with `isolation: process` has ended, and is started again.',
    'Try again in a few seconds; `cliproxy status` says why it ended.',
  ),
  PLUGIN_HOST_FORBIDDEN: row(
    502,
    'upstream',
    'The plugin tried to reach a host that its manifest does not declare.',
    "Add the host to the manifest's permissions, or mend the base URL.",
  ),
  PLUGIN_FAULT: row(
    502,
    'upstream',
    'The plugin threw, or gave junk, while it served a request.',
    'Ask the plugin author; the cause is in the log under the request id.',
  ),
  PLUGIN_HOOK_FAILED: row(
    502,
    'upstream',
    'A hook of a plugin threw, hung or gave junk; nothing passes without it.',
    'Ask the plugin author; the cause is in the log under the request id.',
  ),
  PLUGIN_HOOK_REFUSED: row(
    403,
    'forbidden',
    'A hook of a plugin refuses the request, or each target that could answer it.',
    "Read the plugin's reason in the message; `cliproxy explain MODEL` lists the hooks.",
  ),
  PLUGIN_UNAVAILABLE: row(
    503,
    'upstream',
    'The instance that serves this model failed to start or is not enabled.',
    'Run `cliproxy status`; it says why.',
  ),
  PLUGIN_UNKNOWN: row(
    404,
    'not-found',
    'There is no plugin instance of that id.',
    'Use an id that `cliproxy plugins list` shows.',
  ),
  ROUTE_MODEL_NOT_FOUND: row(
    404,
    'not-found',
    'No route, plugin pattern or listed model matches the name.',
    'Use a name from GET /v1/models; `cliproxy explain MODEL` shows the way of a name.',
  ),
  ROUTE_NOT_CAPABLE: row(
    400,
    'bad-request',
    'Every target of the model lacks something that the request needs.',
    'Leave out what the message names, or use another model.',
  ),
  ROUTE_NO_ACCOUNT: row(
    503,
    'overloaded',
    'Every account that serves the model is out for now.',
    'Wait as long as Retry-After says, or add an account; GET /v1/health says why each is out.',
  ),
  ROUTE_RATE_LIMITED: row(
    429,
    'rate-limit',
    'Every account that serves the model has reached a limit of its vendor.',
    'Wait as long as Retry-After says, or add an account.',
  ),
  AUTH_NEEDS_LOGIN: row(
    503,
    'upstream',
    'The instance has no account, or its login has ended.',
    'Add an API key to its configuration, `cliproxy login NAME`, or open the page that it works by.',
  ),
  AUTH_INVALID_KEY: row(
    503,
    'upstream',
    "The vendor refused the instance's API key.",
    'Replace the key in the configuration.',
  ),
  AUTH_LOGIN_FAILED: row(
    502,
    'upstream',
    'A login has come to no account: it was declined or refused, or its answer belongs to another one.',
    'Start the login again; the message says why it failed.',
  ),
  AUTH_OUTCOME_UNKNOWN: row(
    503,
    'upstream',
    'A login was to be renewed and the vendor gave no answer that tells whether it was.',
    'Wait for the next try; if the account needs a login then, log in again.',
  ),
  AUTH_ACCOUNT_UNKNOWN: row(
    404,
    'not-found',
    'There is no account of that id.',
    'Use an id that `cliproxy accounts` lists.',
  ),
  AUTH_ACCOUNT_AMBIGUOUS: row(
    409,
    'bad-request',
    'Several accounts are meant and none was named.',
    'Name one of those that the message lists.',
  ),
  AUTH_LOGIN_UNSUPPORTED: row(
    400,
    'bad-request',
    'The instance does not run, can log nobody in, or has several ways to and none was named.',
    'Name what the message names; `cliproxy plugins list` shows the instances.',
  ),
  AUTH_TICKET_UNSUPPORTED: row(
    400,
    'bad-request',
    'The instance does not run, or gives no tickets to connect with.',
    'Name an instance that does; `cliproxy plugins list` shows them all.',
  ),
  AUTH_LOGIN_UNKNOWN: row(
    404,
    'not-found',
    'There is no such login; it may have ended some time ago.',
    'Start a new one.',
  ),
  AUTH_BAD_PASTE: row(
    400,
    'bad-request',
    'What was pasted is not what the login waits for, or belongs to another one.',
    'Paste the whole address that the browser ended at, or the code on its page.',
  ),
  AUTH_TOO_MANY_LOGINS: row(
    429,
    'rate-limit',
    'Too many logins are under way.',
    'Finish or cancel one.',
  ),
  UPSTREAM_AUTH: row(
    503,
    'upstream',
    "The vendor refused the gateway's credentials for it.",
    'The operator replaces the key or logs in again; the client key is fine.',
  ),
  UPSTREAM_BILLING: row(
    503,
    'upstream',
    'The vendor refuses the account over its billing.',
    "Mend the account's billing at the vendor.",
  ),
  UPSTREAM_FORBIDDEN: row(
    503,
    'upstream',
    'The vendor does not allow the account to do this.',
    "Check the account's permissions and region at the vendor.",
  ),
  UPSTREAM_BAD_REQUEST: row(
    400,
    'bad-request',
    'The vendor refused the request as malformed.',
    "Mend the request as the vendor's sentence says.",
  ),
  UPSTREAM_NOT_FOUND: row(
    404,
    'not-found',
    'The vendor does not know the model.',
    "Use a model of the vendor's list; if none works, check the base URL.",
  ),
  UPSTREAM_TOO_LARGE: row(
    502,
    'upstream',
    "The upstream's answer is larger than the gateway takes.",
    'Ask for less, or raise the limit in the configuration.',
  ),
  UPSTREAM_REQUEST_TOO_LARGE: row(
    413,
    'too-large',
    'The vendor refused the request as too large.',
    'Send less.',
  ),
  UPSTREAM_RATE_LIMIT: row(
    429,
    'rate-limit',
    'The vendor limits the rate of requests.',
    'Wait as long as Retry-After says.',
  ),
  UPSTREAM_OVERLOADED: row(
    503,
    'overloaded',
    'The vendor is overloaded.',
    'Try again after Retry-After.',
  ),
  UPSTREAM_TIMEOUT: row(
    504,
    'timeout',
    'The upstream did not connect, answer or go on in time.',
    'Try again; raise `timeouts` in the configuration for slow models.',
  ),
  UPSTREAM_UNREACHABLE: row(
    502,
    'network',
    'No connection to the upstream could be made, or it broke.',
    'Check the base URL and the network; `cliproxy doctor` tries it.',
  ),
  UPSTREAM_FAILED: row(
    502,
    'upstream',
    'The upstream answered with an error of its own.',
    'Try again; the request id finds the details in the log.',
  ),
  UPSTREAM_BAD_ANSWER: row(
    502,
    'upstream',
    "The upstream's answer is not what its dialect prescribes.",
    'Check the base URL; the request id finds the details in the log.',
  ),
  UPSTREAM_TRUNCATED: row(
    502,
    'upstream',
    "The upstream's answer ended before it was complete.",
    'Try again.',
  ),
  CLIENT_BAD_JSON: row(
    400,
    'bad-request',
    'The body is not a JSON object.',
    'Send a JSON object in UTF-8 without repeated top-level keys.',
  ),
  CLIENT_BAD_REQUEST: row(
    400,
    'bad-request',
    'A field of the request is missing or malformed.',
    'Mend the field that the message names.',
  ),
  CLIENT_UNSUPPORTED: row(
    400,
    'bad-request',
    'The request asks for something that the target cannot do.',
    'Leave out what the message names, or use another model.',
  ),
  CLIENT_UNSUPPORTED_MEDIA_TYPE: row(
    415,
    'bad-request',
    'The body is not declared as JSON.',
    'Send `content-type: application/json`.',
  ),
  CLIENT_TOO_LARGE: row(
    413,
    'too-large',
    'The body is larger than `server.bodyLimitMb`.',
    'Send less, or raise the limit in the configuration.',
  ),
  CLIENT_HEADERS_TOO_LARGE: row(
    431,
    'too-large',
    'The request head is larger than `server.headerLimitKb`.',
    'Send fewer or smaller headers.',
  ),
  CLIENT_UNAUTHORIZED: row(
    401,
    'auth',
    'The client key is missing or wrong.',
    'Send a key of `server.apiKeys` as `Authorization: Bearer`, `x-api-key`, `x-goog-api-key` or `?key=`.',
  ),
  CLIENT_NOT_ADMIN: row(
    403,
    'forbidden',
    'The route needs an admin key.',
    'Send a key of `server.adminKeys` as `Authorization: Bearer` or `x-api-key`.',
  ),
  CLIENT_TOO_MANY_TRIES: row(
    429,
    'rate-limit',
    'Too many requests with a wrong key came from this address.',
    'Wait as long as Retry-After says, then use a right key.',
  ),
  CLIENT_HOST_FORBIDDEN: row(
    403,
    'forbidden',
    'The Host or Origin of the request is not one of the gateway.',
    "Use the gateway's own address, or add the name to `server.allowedHosts` or `server.allowedOrigins`.",
  ),
  CLIENT_NOT_FOUND: row(
    404,
    'not-found',
    'There is no such path.',
    'See docs/API.md for the paths.',
  ),
  CLIENT_METHOD_NOT_ALLOWED: row(
    405,
    'bad-request',
    'The path does not take this method.',
    'Use a method that the Allow header names.',
  ),
  CLIENT_UPGRADE_REQUIRED: row(
    426,
    'bad-request',
    'The path takes WebSocket connections alone.',
    'Connect to it with ws:// or wss://, without a proxy that takes the upgrade out.',
  ),
  CLIENT_TOO_MANY_SOCKETS: row(
    503,
    'overloaded',
    'As many WebSocket connections are open as `server.maxSockets` allows.',
    'Close some, or raise the limit in the configuration.',
  ),
  CLIENT_TIMEOUT: row(
    408,
    'timeout',
    'The request did not arrive in time.',
    'Send it again, faster.',
  ),
  CLIENT_CLOSED: row(
    499,
    'network',
    'The client left before the answer was complete.',
    'Nothing; it is only logged.',
  ),
  KERNEL_STOPPING: row(
    503,
    'overloaded',
    'The gateway is shutting down.',
    'Try again in a moment.',
  ),
  KERNEL_STORE_UNSAFE: row(
    503,
    'upstream',
    'Others can reach the files that keep credentials.',
    'Set the owner and mode that the message names, then start again.',
  ),
  KERNEL_STORE_KEY: row(
    503,
    'upstream',
    'A credential was sealed with a key that is not given.',
    'Give the former key again, on a line after the new one.',
  ),
  KERNEL_STORE_LOCKED: row(
    503,
    'overloaded',
    'Another process is using the credentials of the account.',
    'Wait, or end the other process.',
  ),
  KERNEL_STORE_CONFLICT: row(
    503,
    'overloaded',
    'A credential was changed by somebody else meanwhile.',
    'Try again.',
  ),
  KERNEL_STORE_FAILED: row(
    503,
    'upstream',
    'A credential could not be read or written; what was kept before is still there.',
    'Check the folder and the disk that the message names.',
  ),
  KERNEL_INTERNAL: row(
    500,
    'upstream',
    'The gateway itself failed.',
    'Report it with the request id.',
  ),
});

/** A code of {@link errorTable}. */
export type ErrorCode = keyof typeof errorTable;

/** The row of a code; codes that a plugin made up itself count as `PLUGIN_FAULT`. */
export function errorRow(code: string): ErrorRow {
  return Object.hasOwn(errorTable, code) ? errorTable[code as ErrorCode] : errorTable.PLUGIN_FAULT;
}

/** The code that tells a client of an upstream's failure, by its kind. */
export const upstreamCodes: Readonly<Record<FailureKind, ErrorCode>> = Object.freeze({
  'bad-request': 'UPSTREAM_BAD_REQUEST',
  auth: 'UPSTREAM_AUTH',
  billing: 'UPSTREAM_BILLING',
  forbidden: 'UPSTREAM_FORBIDDEN',
  'not-found': 'UPSTREAM_NOT_FOUND',
  'too-large': 'UPSTREAM_REQUEST_TOO_LARGE',
  'rate-limit': 'UPSTREAM_RATE_LIMIT',
  overloaded: 'UPSTREAM_OVERLOADED',
  timeout: 'UPSTREAM_TIMEOUT',
  network: 'UPSTREAM_UNREACHABLE',
  upstream: 'UPSTREAM_FAILED',
});
