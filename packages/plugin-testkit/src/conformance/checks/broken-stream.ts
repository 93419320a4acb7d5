import { hold, shown } from '../check.ts';
import type { Check } from '../check.ts';
import type { Fault } from '../../fault.ts';
import { noFault } from '../no-upstream.ts';
import type { Stage } from '../stage.ts';
import { noAnswers } from './answers.ts';
import { lastAsked } from './abort.ts';

/** At most so many places to cut at, for each dialect. */
const CUTS = 60;

export const brokenStream: Check = {
  id: 'broken-stream',
  level: 'survives',
  means: 'An answer that breaks off, or makes no sense, never looks like a whole one.',
  needs: ['answers'],
  notApplicable: (subject) => noAnswers(subject) ?? noFault(subject),
  async run(context) {
    for (const dialect of await context.dialects()) {
      const stage = await context.stage({ dialect });
      const whole = await stage.ask({ stream: true });
      const plays = (kind: Fault['kind']): boolean =>
        stage.upstream?.cannot?.includes(kind) !== true;
      if (plays('garbage')) await breaks(stage, { kind: 'garbage' }, 'after garbage');
      if (plays('unfinished')) {
        await breaks(stage, { kind: 'unfinished' }, 'that ends before the upstream said so');
      }
      if (!plays('cut')) continue;
      const end = plays('unfinished') ? (lastAsked(stage)?.writtenBytes ?? 0) : 0;
      await cutEverywhere(stage, { end, text: whole.text });
    }
  },
};

async function cutEverywhere(
  stage: Stage,
  { end, text }: { readonly end: number; readonly text: string },
): Promise<void> {
  const step = Math.max(1, Math.floor(end / CUTS));
  for (let afterBytes = 0; afterBytes < end; afterBytes += step) {
    await breaks(stage, { kind: 'cut', afterBytes }, `cut after ${afterBytes} bytes`);
  }
  // From here on the upstream has said its last word, and only the closing of the stream is missing.
  for (const beyond of [1, 2, 8]) {
    await stage.forgive();
    stage.upstream?.fault({ kind: 'cut', afterBytes: end + beyond });
    const heard = await stage.ask({ stream: true });
    hold(!heard.complete || heard.text === text, {
      expected: 'the whole text where an answer looks complete',
      seen: shown(heard.text),
      remedy: 'give on what came before the connection broke',
    });
  }
}

async function breaks(stage: Stage, fault: Fault, how: string): Promise<void> {
  await stage.forgive();
  stage.upstream?.fault(fault);
  const before = stage.upstream?.requests.length ?? 0;
  const heard = await stage.ask({ stream: true, signal: AbortSignal.timeout(20_000) });
  hold((stage.upstream?.requests.length ?? 0) > before, {
    expected: `the upstream to be asked again (${stage.dialect}, ${how})`,
    seen: `it was not; the client got ${heard.status}: ${shown(heard.body)}`,
    remedy: 'mark a broken answer as a failure of kind `network` or `upstream`',
  });
  hold(!heard.complete, {
    expected: `an error for the client of an answer ${how} (${stage.dialect})`,
    seen: `what looks like a whole answer: ${shown(heard.body.slice(-300))}`,
    remedy:
      "give the reply's body on with its error; an executor of events throws where the upstream ends " +
      'without its last word, and yields `finish` only when that has come',
  });
}
