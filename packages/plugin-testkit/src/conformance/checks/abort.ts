import { eventually } from '../eventually.ts';
import type { CheckContext } from '../check-context.ts';
import { hold } from '../check.ts';
import type { Check } from '../check.ts';
import type { Fault } from '../../fault.ts';
import { openAnswer } from '../open-answer.ts';
import type { Stage } from '../stage.ts';
import { noAnswers } from './answers.ts';

const LIMIT_MS = 1000;
/** A busy machine may be late once; a plugin that does not listen is late each time. */
const TRIES = 3;

export const abort: Check = {
  id: 'abort',
  level: 'survives',
  means: 'When a client leaves, the plugin and its upstream stop within a second.',
  needs: ['answers'],
  notApplicable: noAnswers,
  async run(context) {
    const moments: readonly (readonly [string, Fault])[] = [
      ['before the first byte', { kind: 'latency', ms: Number.POSITIVE_INFINITY }],
      ['in the midst of an answer', { kind: 'endless' }],
    ];
    for (const [when, fault] of moments) {
      for (let tries = 1; ; tries += 1) {
        const left = await whatGoesOn(context, fault);
        if (left === undefined) break;
        hold(tries < TRIES, {
          expected: `an end within ${LIMIT_MS} ms after the client left ${when}`,
          seen: `${left} went on, ${TRIES} times of ${TRIES}`,
          remedy:
            'pass `call.signal` to `call.http.request`; whatever else is waited for must end when it is ' +
            'aborted, and what is open must be closed in a `finally`',
        });
      }
    }
  },
};

/** Lets a client leave. @returns what had not ended in time. */
async function whatGoesOn(context: CheckContext, fault: Fault): Promise<string | undefined> {
  const stage = await context.stage();
  const { upstream } = stage;
  if (upstream?.cannot?.includes(fault.kind) === true) return undefined;
  upstream?.fault(fault);
  const answer = openAnswer(stage);
  const isSilent = fault.kind === 'latency' && upstream !== undefined;
  await (isSilent ? reached(stage) : answer.first);
  answer.leave();
  const open = (): readonly string[] => [
    ...(upstream === undefined || (lastAsked(stage)?.aborted ?? true)
      ? []
      : ['the request to the upstream']),
    ...(stage.watch.calls.at(-1)?.settledAtMs === undefined ? ['the work of the executor'] : []),
  ];
  await eventually(() => open().length === 0, LIMIT_MS);
  const [left] = open();
  // Out of the way, so that what is not ended by itself ends with its upstream.
  upstream?.fault();
  await upstream?.close();
  await stage.close();
  return left;
}

/** The request that is answered: the last one by POST, or by whatever the upstream tells. */
export function lastAsked({ upstream }: Stage) {
  return upstream?.requests.findLast(({ method }) => method === 'POST');
}

async function reached(stage: Stage): Promise<void> {
  await eventually(() => lastAsked(stage) !== undefined, 10_000);
}
