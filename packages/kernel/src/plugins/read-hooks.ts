import type { ContributionCheck } from './contribution-check.ts';

const NEEDS = ['headers', 'body', 'events'];
const POLICIES = ['continue', 'refuse'];
const OPERATIONS = ['generate', 'count-tokens', 'embed'];
const FUNCTIONS = ['onRequest', 'onAttempt', 'onEvents', 'onComplete'];

/** Checks the hooks among what `setup` returned. */
export function readHooks(
  value: unknown,
  declared: readonly string[],
  apiVersion: string,
  check: ContributionCheck,
): void {
  const early = hooksTooEarly(value !== undefined, apiVersion);
  if (early !== undefined) {
    check.fault(`hooks: ${early}`);
    return;
  }
  const ids = check.named(value, 'hooks', 'id', declared, (hook, part) => {
    const needs = check.list(hook.needs ?? 'none', `${part}.needs`);
    check.allOf(needs, NEEDS, `${part}.needs`);
    check.oneOf(hook, 'onFailure', POLICIES, part);
    if (hook.order !== undefined && !Number.isFinite(hook.order)) {
      check.fault(`${part}.order is not a number`);
    }
    for (const pattern of check.list(hook.match, `${part}.match`)) {
      if (typeof pattern !== 'string' || pattern === '') {
        check.fault(`${part}.match holds something else than model patterns`);
      }
    }
    check.allOf(
      check.list(hook.operations, `${part}.operations`),
      OPERATIONS,
      `${part}.operations`,
    );
    for (const name of FUNCTIONS) check.method(hook, name, part, false);
    if (FUNCTIONS.every((name) => hook[name] === undefined)) {
      check.fault(`${part} has none of ${FUNCTIONS.join(', ')}`);
    }
    if (hook.onEvents !== undefined && !needs.includes('events')) {
      check.fault(`${part} has onEvents, but "events" is not among its needs`);
    }
  });
  check.complete(ids, 'hooks', declared);
}

/** What is wrong with hooks of a plugin that says it is made for a contract without them. */
export function hooksTooEarly(has: boolean, apiVersion: string): string | undefined {
  const [major = 0, minor = 0] = apiVersion.split('.').map(Number);
  if (!has || major > 1 || (major === 1 && minor >= 1)) return undefined;
  return `plugin API ${apiVersion} has no hooks; set apiVersion to "1.1" in the manifest`;
}
