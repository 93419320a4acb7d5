import { endsPassthrough } from './hook-chain.ts';
import type { ChainLink } from './hook-chain.ts';

/** One hook that sees the requests, in words. */
export interface ExplainedHook {
  /** 1 is nearest to the client. */
  readonly order: number;
  readonly instance: string;
  readonly hook: string;
  /** The functions that it has. */
  readonly at: readonly string[];
  readonly needs: readonly string[];
  readonly onFailure: string;
  readonly endsPassthrough: boolean;
  readonly why: string;
}

const FUNCTIONS = ['onRequest', 'onAttempt', 'onEvents', 'onComplete'] as const;

/** Puts a hook's part in a request into words. @param index - its place in the chain. */
export function explainHook(link: ChainLink, index: number): ExplainedHook {
  const { hook, instance } = link;
  const ends = endsPassthrough(link);
  const needs = ends
    ? `passthrough ends: it needs ${hook.needs.filter((need) => need !== 'headers').join(' and ')}`
    : 'passthrough is left as it is';
  const policy =
    hook.onFailure === 'refuse'
      ? 'where it fails, the request is refused'
      : 'where it fails, the request goes on without it';
  return {
    order: index + 1,
    instance: instance.id,
    hook: hook.id,
    at: FUNCTIONS.filter((name) => hook[name] !== undefined),
    needs: hook.needs,
    onFailure: hook.onFailure,
    endsPassthrough: ends,
    why: `${needs}; ${policy}`,
  };
}

/** A line for a terminal. */
export function hookLine({ order, instance, hook, at, why }: ExplainedHook): string {
  return `  ${order}. ${hook} of ${instance} (${at.join(', ')}): ${why}`;
}
