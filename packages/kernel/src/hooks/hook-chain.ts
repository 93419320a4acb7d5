import type { Hook, Operation } from '@cliproxy/plugin-api';
import type { PluginInstance } from '../plugins/plugin-instance.ts';

/** A hook, and the instance that brought it. */
export interface BoundHook {
  readonly hook: Hook;
  readonly instance: PluginInstance;
}

/** A hook's place in a chain. */
export interface ChainLink extends BoundHook {
  readonly needsHeaders: boolean;
  readonly needsBody: boolean;
  /** It sees the events of the answer; only of those to `generate`. */
  readonly needsEvents: boolean;
}

/** The hooks that apply to the requests for a model, worked out once per generation. */
export interface HookChain {
  /** Nearest to the client first. */
  readonly links: readonly ChainLink[];
  /** One of them needs the body: it has to be decoded. */
  readonly readsBody: boolean;
  /** One of them ends passthrough. */
  readonly encodesAnew: boolean;
  /** Those that change events, in the order in which events meet them. */
  readonly events: readonly ChainLink[];
  readonly onRequest: boolean;
  readonly onAttempt: boolean;
  /** Whose calls must be over before they end, each once. */
  readonly instances: readonly PluginInstance[];
}

/**
 * Puts hooks into their order.
 *
 * @param bound - those that apply, in the order of the configuration.
 */
export function chainOf(bound: readonly BoundHook[], operation: Operation): HookChain {
  const links = bound
    .map(({ hook, instance }): ChainLink => {
      const { needs } = hook;
      return {
        hook,
        instance,
        needsHeaders: needs.includes('headers'),
        needsBody: needs.includes('body'),
        needsEvents: needs.includes('events') && operation === 'generate',
      };
    })
    .sort((a, b) => (a.hook.order ?? 0) - (b.hook.order ?? 0));
  const readsBody = links.some((link) => link.needsBody);
  return {
    links,
    readsBody,
    encodesAnew: readsBody || links.some((link) => link.needsEvents),
    events: links.filter(seesEvents).toReversed(),
    onRequest: links.some(({ hook }) => hook.onRequest !== undefined),
    onAttempt: links.some(({ hook }) => hook.onAttempt !== undefined),
    instances: [...new Set(links.map(({ instance }) => instance))],
  };
}

/** Whether it ends passthrough. */
export function endsPassthrough({ needsBody, needsEvents }: ChainLink): boolean {
  return needsBody || needsEvents;
}

function seesEvents({ needsEvents, hook }: ChainLink): boolean {
  return needsEvents && hook.onEvents !== undefined;
}
