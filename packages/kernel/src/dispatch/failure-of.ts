import { errorRow, GatewayError, isGatewayError, upstreamCodes } from '@cliproxy/plugin-api';
import type { Failure, FailureKind, VendorFault } from '@cliproxy/plugin-api';

const scopes: readonly string[] = ['request', 'model', 'account', 'instance'];

/** A vendor's sentence that is longer than this is no sentence. */
const MAX_SENTENCE_CHARS = 2_000;

/** Failures about our own account: the vendor's sentence speaks of a key that the client never had. */
const ownAccount: readonly FailureKind[] = ['auth', 'billing', 'forbidden'];

/** Node's and undici's codes for a connection that could not be made or broke. */
const networkCodes =
  /^(ECONN|EPIPE|EHOST|ENET|ENOTFOUND|EAI_|ERR_TLS|CERT_|DEPTH_ZERO|UND_ERR_(SOCKET|CLOSED|DESTROYED|ABORTED))/;
const timeoutCodes = /TIMEOUT|ETIMEDOUT/;

/**
 * The error that tells a client of a vendor's failure.
 *
 * @param instanceId - the plugin instance, named in the message.
 */
export function errorOfFailure(failure: Failure, instanceId: string): GatewayError {
  const code = upstreamCodes[failure.kind];
  const row = errorRow(code);
  const sentence =
    failure.message === undefined || ownAccount.includes(failure.kind)
      ? `${row.when} ${row.remedy}`
      : failure.message.slice(0, MAX_SENTENCE_CHARS);
  return new GatewayError(code, `${instanceId}: ${sentence}`, { failure });
}

/**
 * What a failed call to a plugin means. A {@link GatewayError} stays as it is; its failure is
 * worked out from the code where it has none. Broken connections and time-outs are told from
 * Node's codes; anything else is the plugin's fault.
 *
 * @param instanceId - the plugin instance that was called.
 */
export function errorOfThrown(thrown: unknown, instanceId: string): GatewayError {
  try {
    return isOurs(thrown) ? withFailure(thrown) : foreignError(thrown, instanceId);
  } catch {
    // What was thrown throws itself when it is looked at.
    return pluginFault(instanceId, 'threw a hostile value while it served a request');
  }
}

/**
 * A plugin that broke the contract.
 *
 * @param what - what it did, after the instance's name.
 */
export function pluginFault(instanceId: string, what: string, cause?: unknown): GatewayError {
  const message = `plugin instance "${instanceId}" ${what}; the log has the cause under the request id`;
  return new GatewayError('PLUGIN_FAULT', message, {
    failure: { kind: 'upstream', scope: 'instance', message: `the plugin ${what}` },
    ...(cause === undefined ? {} : { cause }),
  });
}

/** An error's failure; worked out from its code where it has none, or a malformed one. */
export function failureOf(error: GatewayError): Failure {
  if (isFailure(error.failure)) return error.failure;
  const { code } = error;
  if (code.startsWith('CLIENT_') || code.startsWith('KERNEL_')) {
    return { kind: errorRow(code).kind, scope: 'request' };
  }
  const kind = kindOfCode.get(code);
  if (kind === 'bad-request' || kind === 'too-large') return { kind, scope: 'request' };
  if (kind === 'not-found') return { kind, scope: 'model' };
  if (kind !== undefined) return { kind, scope: 'account' };
  if (code.startsWith('AUTH_')) return { kind: 'auth', scope: 'account' };
  return { kind: 'upstream', scope: code.startsWith('UPSTREAM_') ? 'account' : 'instance' };
}

/** The same error without secrets in its sentences. @param masked - takes them out of a text. */
export function withoutSecrets(
  error: GatewayError,
  masked: (text: string) => string,
): GatewayError {
  const failure = failureOf(error);
  const message = masked(error.message);
  const sentence = failure.message === undefined ? undefined : masked(failure.message);
  const vendor = failure.vendor && maskedNames(failure.vendor, masked);
  if (message === error.message && sentence === failure.message && vendor === failure.vendor) {
    return error;
  }
  return new GatewayError(error.code, message, {
    failure: {
      ...failure,
      ...(sentence === undefined ? {} : { message: sentence }),
      ...(vendor === undefined ? {} : { vendor }),
    },
    ...(error.cause === undefined ? {} : { cause: error.cause }),
  });
}

/**
 * A name that holds a secret is none: clients could not act on what is left of it. Whatever a
 * plugin put there besides names goes, too.
 */
function maskedNames(vendor: VendorFault, masked: (text: string) => string): VendorFault {
  const names: [string, unknown][] = Object.entries(vendor);
  const clean = names.filter(([, name]) => typeof name === 'string' && masked(name) === name);
  return clean.length === names.length ? vendor : (Object.fromEntries(clean) as never);
}

const kindOfCode: ReadonlyMap<string, FailureKind> = new Map(
  Object.entries(upstreamCodes).map(([kind, code]) => [code, kind as FailureKind]),
);

/** Whether a value, given by a plugin, is a failure that routing can use. */
export function isFailure(value: unknown): value is Failure {
  if (typeof value !== 'object' || value === null) return false;
  const { kind, scope } = value as Partial<Record<keyof Failure, unknown>>;
  return (
    typeof kind === 'string' &&
    Object.hasOwn(upstreamCodes, kind) &&
    typeof scope === 'string' &&
    scopes.includes(scope)
  );
}

function withFailure(error: GatewayError): GatewayError {
  if (isFailure(error.failure)) return error;
  const { cause } = error;
  return new GatewayError(error.code, error.message, {
    failure: failureOf(error),
    ...(cause === undefined ? {} : { cause }),
  });
}

function foreignError(thrown: unknown, instanceId: string): GatewayError {
  const { name, code } = traits(thrown);
  if (timeoutCodes.test(code) || name === 'TimeoutError') {
    return new GatewayError('UPSTREAM_TIMEOUT', `${instanceId}: the upstream took too long`, {
      failure: { kind: 'timeout', scope: 'account' },
      cause: thrown,
    });
  }
  if (networkCodes.test(code)) {
    const message = `${instanceId}: the connection to the upstream failed (${code})`;
    return new GatewayError('UPSTREAM_UNREACHABLE', message, {
      failure: { kind: 'network', scope: 'account' },
      cause: thrown,
    });
  }
  return pluginFault(instanceId, `threw ${name} while it served a request`, thrown);
}

/** A brand alone is soon made; code and message are relied on. */
function isOurs(thrown: unknown): thrown is GatewayError {
  return (
    isGatewayError(thrown) && typeof thrown.code === 'string' && typeof thrown.message === 'string'
  );
}

/** Name and code of whatever was thrown. */
function traits(thrown: unknown): { readonly name: string; readonly code: string } {
  if (typeof thrown !== 'object' || thrown === null) return { name: typeof thrown, code: '' };
  const { name, code, cause } = thrown as { name?: unknown; code?: unknown; cause?: unknown };
  const inner = typeof cause === 'object' && cause !== null ? (cause as { code?: unknown }) : {};
  const known = typeof code === 'string' ? code : inner.code;
  return {
    name: typeof name === 'string' ? name.slice(0, 60) : 'an object',
    code: typeof known === 'string' ? known.slice(0, 60) : '',
  };
}
