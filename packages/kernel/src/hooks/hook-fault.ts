import { GatewayError, isGatewayError } from '@cliproxy/plugin-api';
import type { InstanceOutage } from '../faults/instance-faults.ts';
import type { BoundHook } from './hook-chain.ts';

/**
 * A hook that failed, towards a client whose request may not pass without it. Nobody who answers
 * models is to blame, and another target would not mend it.
 *
 * @param what - it did, after the hook's name.
 */
export function hookFailed(bound: BoundHook, what: string, cause?: unknown): GatewayError {
  const message = `${hookName(bound)} ${what}; the log has the cause under the request id`;
  return new GatewayError('PLUGIN_HOOK_FAILED', message, {
    failure: { kind: 'upstream', scope: 'request', message: `the hook ${what}` },
    ...(cause === undefined ? {} : { cause }),
  });
}

/** The same, for the log and the count of the plugin's faults. */
export function hookFault(bound: BoundHook, what: string, cause?: unknown): GatewayError {
  const options = cause === undefined ? {} : { cause };
  return new GatewayError('PLUGIN_HOOK_FAILED', `${hookName(bound)} ${what}`, options);
}

/** A hook that has failed again and again is left alone for a while. */
export function hookOut(bound: BoundHook, { untilMs }: InstanceOutage): GatewayError {
  const message = `${hookName(bound)} has failed again and again and is left alone for a while; nothing passes without it`;
  return new GatewayError('PLUGIN_HOOK_FAILED', message, {
    failure: { kind: 'upstream', scope: 'request', message, resetAtMs: untilMs },
  });
}

/** A hook keeps a request away from a target. */
export function hookVetoed(bound: BoundHook, reason: string): GatewayError {
  return new GatewayError('PLUGIN_HOOK_REFUSED', `${hookName(bound)} refuses it: ${reason}`, {
    failure: { kind: 'forbidden', scope: 'request', message: reason },
  });
}

/** Whether a hook meant what it threw: it refuses the request, or the answer. */
export function isRefusal(thrown: unknown): thrown is GatewayError {
  try {
    return isGatewayError(thrown) && thrown.failure?.scope === 'request';
  } catch {
    return false;
  }
}

/** What to call a hook in errors. */
export function hookName({ instance, hook }: BoundHook): string {
  return `hook "${hook.id}" of plugin instance "${instance.id}"`;
}

/** What was thrown, in two words; a value that throws when it is looked at, too. */
export function thrownName(thrown: unknown): string {
  try {
    if (typeof thrown !== 'object' || thrown === null) return typeof thrown;
    const { name } = thrown as { readonly name?: unknown };
    return typeof name === 'string' ? name.slice(0, 60) : 'an object';
  } catch {
    return 'a hostile value';
  }
}
