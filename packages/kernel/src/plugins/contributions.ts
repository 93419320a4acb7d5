import type {
  Authenticator,
  Dialect,
  Executor,
  HealthProbe,
  Hook,
  SocketEndpoint,
} from '@cliproxy/plugin-api';
import { ContributionCheck } from './contribution-check.ts';
import type { Fields } from './contribution-check.ts';
import type { PluginManifest } from './manifest.ts';
import { readHooks } from './read-hooks.ts';

/** What `setup` returned, checked. */
export interface CheckedContributions {
  readonly executor: Executor | undefined;
  readonly authenticators: readonly Authenticator[];
  /** Each is checked when it is taken. */
  readonly accounts: readonly unknown[] | undefined;
  readonly probes: readonly HealthProbe[];
  readonly sockets: readonly SocketEndpoint[];
  readonly hooks: readonly Hook[];
  readonly start: ((signal: AbortSignal) => unknown) | undefined;
  readonly stop: ((signal: AbortSignal) => unknown) | undefined;
}

/** Contributions, or the sentences that say what is wrong with them. */
export type ContributionsReading =
  | { readonly contributions: CheckedContributions; readonly faults?: never }
  | { readonly contributions?: never; readonly faults: readonly string[] };

/**
 * Checks what `setup` returned: plugins may be plain JavaScript. Every part must be well-formed, and
 * all of it what the manifest says.
 */
export function readContributions(
  returned: unknown,
  { provides, apiVersion }: Pick<PluginManifest, 'provides' | 'apiVersion'>,
): ContributionsReading {
  const check = new ContributionCheck();
  try {
    const contributions = read(returned, provides, apiVersion, check);
    if (check.faults.length > 0 || contributions === undefined) return { faults: check.faults };
    return { contributions };
  } catch (error) {
    // A getter or a proxy of the plugin threw.
    return { faults: [...check.faults, `reading what setup returned threw: ${String(error)}`] };
  }
}

const KEYS = [
  'executor',
  'authenticators',
  'accounts',
  'probes',
  'sockets',
  'hooks',
  'start',
  'stop',
];
const DIALECTS: readonly Dialect[] = [
  'openai-chat',
  'openai-responses',
  'anthropic-messages',
  'gemini',
];
const OPERATIONS = ['generate', 'count-tokens', 'embed'];
const METHODS = ['api-key', 'oauth', 'token', 'browser'];

function read(
  returned: unknown,
  provides: PluginManifest['provides'],
  apiVersion: string,
  check: ContributionCheck,
): CheckedContributions | undefined {
  const all = check.object(returned, 'what setup returned');
  if (all === undefined) return undefined;
  for (const key of Object.keys(all).filter((one) => !KEYS.includes(one))) {
    check.fault(`"${key}" is not a contribution; there are ${KEYS.join(', ')}`);
  }
  const { executor, accounts } = all;
  if ((executor !== undefined) !== provides.executor) {
    const [does, says] = executor === undefined ? ['no', 'true'] : ['an', 'false'];
    check.fault(`there is ${does} executor, but provides.executor in the manifest is ${says}`);
  }
  if (executor !== undefined) readExecutor(executor, check);
  if (accounts !== undefined) check.list(accounts, 'accounts');
  // Some may be missing: ways to log in that the configuration leaves off.
  check.named(all.authenticators, 'authenticators', 'id', provides.authenticators, (one, part) => {
    readAuthenticator(one, part, check);
  });
  const probes = check.named(all.probes, 'probes', 'id', provides.probes, (one, part) => {
    check.positive(one, 'intervalMs', part);
    check.positive(one, 'timeoutMs', part);
    check.oneOf(one, 'affects', ['readiness', 'report-only'], part);
    check.method(one, 'check', part, true);
  });
  check.complete(probes, 'probes', provides.probes);
  const sockets = check.named(all.sockets, 'sockets', 'path', provides.sockets, (one, part) => {
    check.positive(one, 'maxMessageBytes', part);
    for (const origin of check.list(one.origins ?? 'none', `${part}.origins`)) {
      if (typeof origin !== 'string')
        check.fault(`${part}.origins holds something else than texts`);
    }
    check.method(one, 'admit', part, true);
    check.method(one, 'holds', part, false);
    check.method(one, 'issueTicket', part, false);
  });
  check.complete(sockets, 'sockets', provides.sockets);
  readHooks(all.hooks, provides.hooks, apiVersion, check);
  check.method(all, 'start', 'what setup returned', false);
  check.method(all, 'stop', 'what setup returned', false);
  return {
    executor: executor as Executor | undefined,
    authenticators: copy<Authenticator>(all.authenticators),
    accounts: accounts === undefined ? undefined : copy(accounts),
    probes: copy<HealthProbe>(all.probes),
    sockets: copy<SocketEndpoint>(all.sockets),
    hooks: copy<Hook>(all.hooks),
    start: bound(all, 'start'),
    stop: bound(all, 'stop'),
  };
}

function readExecutor(value: unknown, check: ContributionCheck): void {
  const executor = check.object(value, 'executor');
  if (executor === undefined) return;
  check.oneOf(executor, 'kind', ['wire', 'events'], 'executor');
  check.method(executor, 'models', 'executor', true);
  if (executor.unlisted !== undefined) {
    const unlisted = check.object(executor.unlisted, 'executor.unlisted');
    check.list(unlisted?.lacks, 'executor.unlisted.lacks');
    check.list(unlisted?.refuses, 'executor.unlisted.refuses');
  }
  if (executor.kind === 'wire') {
    check.method(executor, 'send', 'executor', true);
    if (!['undefined', 'boolean'].includes(typeof executor.passthrough)) {
      check.fault('executor.passthrough is neither true nor false');
    }
    readSpeaks(executor.speaks, 'executor.speaks', check);
    check.list(executor.speaksFor, 'executor.speaksFor').forEach((item, index) => {
      const part = `executor.speaksFor[${index}]`;
      const rule = check.object(item, part);
      if (rule === undefined) return;
      if (typeof rule.match !== 'string') check.fault(`${part} has no \`match\``);
      readSpeaks(rule.speaks, `${part}.speaks`, check);
    });
  }
  if (executor.kind === 'events') {
    check.method(executor, 'run', 'executor', true);
    check.method(executor, 'countTokens', 'executor', false);
    check.method(executor, 'embed', 'executor', false);
  }
}

function readSpeaks(value: unknown, part: string, check: ContributionCheck): void {
  const speaks = check.object(value, part);
  if (speaks === undefined) return;
  if (Object.keys(speaks).length === 0) check.fault(`${part} names no dialect`);
  for (const [dialect, operations] of Object.entries(speaks)) {
    if (!(DIALECTS as readonly string[]).includes(dialect)) {
      check.fault(`${part} names the dialect "${dialect}"; known: ${DIALECTS.join(', ')}`);
    }
    for (const operation of check.list(operations, `${part}["${dialect}"]`)) {
      if (OPERATIONS.includes(operation as string)) continue;
      const name = JSON.stringify(operation);
      check.fault(`${part}["${dialect}"] names ${name}; known: ${OPERATIONS.join(', ')}`);
    }
  }
}

function readAuthenticator(one: Fields, part: string, check: ContributionCheck): void {
  check.oneOf(one, 'method', METHODS, part);
  check.method(one, 'authorize', part, true);
  for (const name of ['login', 'refresh', 'revoke']) check.method(one, name, part, false);
  if (one.refreshWhen !== undefined) {
    check.oneOf(one, 'refreshWhen', ['background', 'on-use'], part);
  }
  if (one.refreshAheadMs !== undefined) check.positive(one, 'refreshAheadMs', part);
}

function copy<T>(value: unknown): readonly T[] {
  return Object.freeze(Array.isArray(value) ? [...(value as T[])] : []);
}

function bound(of: Fields, name: string): ((signal: AbortSignal) => unknown) | undefined {
  const method = of[name];
  if (typeof method !== 'function') return undefined;
  return (signal) => (method as (signal: AbortSignal) => unknown).call(of, signal);
}
