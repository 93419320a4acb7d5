import { hold } from '../check.ts';
import type { Check } from '../check.ts';
import { takesCredentials } from '../config-of.ts';
import type { UpstreamRequest } from '../conformance.ts';
import { noFault } from '../no-upstream.ts';
import type { Stage } from '../stage.ts';
import { NO_EXECUTOR } from './answers.ts';

const CALLS = 120;
const AT_ONCE = 20;

export const accounts: Check = {
  id: 'accounts',
  level: 'survives',
  means:
    'Two accounts that are used at once are never mixed up: each request carries its own credential.',
  needs: ['answers'],
  notApplicable(subject) {
    if (!subject.manifest.executor) return NO_EXECUTOR;
    if (subject.manifest.authenticators.length === 0) return 'the plugin has no accounts';
    if (!takesCredentials(subject))
      return 'accounts come by logins alone: the schema has no list of `writeOnly` texts';
    return noFault(subject);
  },
  async run(context) {
    const stage = await context.stage({ accounts: 2 });
    const ids = new Map<string, string>();
    let next = 0;
    const worker = async (): Promise<void> => {
      for (let call = next++; call < CALLS; call = next++) await stage.ask({ text: marker(call) });
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    for (const { accountId, asked } of stage.watch.calls) {
      const mark = MARK.exec(asked)?.[0];
      if (mark !== undefined) ids.set(mark, accountId);
    }
    const owners = ownersOf(stage);
    const used = new Set<string>();
    for (const request of stage.upstream?.requests ?? []) {
      const mark = MARK.exec(textOf(request))?.[0];
      const account = mark === undefined ? undefined : ids.get(mark);
      if (account === undefined) continue;
      used.add(account);
      const shows = credentialsOn(stage, request);
      const own = owners.get(account);
      hold(shows.length === 1 && shows[0] === own, {
        expected: `a request for the account ${account} to carry its own credential and no other`,
        seen:
          shows.length === 0
            ? 'none'
            : shows[0] === own
              ? "its own, and another account's"
              : "another account's",
        remedy:
          'keep nothing about an account outside of it: no credential in a variable of the module or the ' +
          'plugin; `authorize` puts on what it is given',
      });
    }
    hold(used.size === 2, {
      expected: `both accounts to be used in ${CALLS} calls`,
      seen: `${used.size} of 2`,
      remedy: 'return an account for each credential of the configuration: `apiKeyAccounts(…)`',
    });
  },
};

const MARK = /call-\d+-of-many/u;

function marker(call: number): string {
  return `call-${call}-of-many`;
}

/** Whose is which credential of the configuration. */
function ownersOf({ upstream, watch, credentials }: Stage): ReadonlyMap<string, string> {
  const come = credentials.flatMap((one) => {
    const account = upstream?.accountOf?.(one);
    return account === undefined ? [] : ([[account, one]] as const);
  });
  const made = watch.contributions.flatMap(({ accounts: own = [] }) => own);
  return new Map([
    ...come,
    ...made.flatMap(({ key, credential }) => {
      const values = Object.values(credential?.secrets ?? {}).map((one) => one.reveal());
      const own = credentials.find((one) =>
        values.some((value) => value.includes(one) || one.includes(value)),
      );
      return own === undefined ? [] : ([[`checked/${key}`, own]] as const);
    }),
  ]);
}

function credentialsOn(
  { upstream, credentials }: Stage,
  request: UpstreamRequest,
): readonly string[] {
  const own = upstream?.credentialOf?.(request);
  if (own !== undefined) return [own];
  const text = textOf(request);
  return credentials.filter((one) => text.includes(one));
}

function textOf({ url, headers, body }: UpstreamRequest): string {
  const sent = Buffer.isBuffer(body) ? body.toString() : JSON.stringify(body);
  return [url, JSON.stringify(headers), sent].join('\n');
}
