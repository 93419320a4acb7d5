import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../eventually.ts';
import { hold } from '../check.ts';
import type { Check } from '../check.ts';
import { noFault } from '../no-upstream.ts';
import { openAnswer } from '../open-answer.ts';
import { noAnswers } from './answers.ts';
import { lastAsked } from './abort.ts';

/** More than all buffers on the way hold together. */
const MAX_BYTES = 64 * 1024 * 1024;
const CALM_MS = 1000;
const LIMIT_MS = 30_000;

export const backPressure: Check = {
  id: 'back-pressure',
  level: 'survives',
  means:
    'When a client stops reading, the plugin stops reading from its upstream, and goes on later.',
  needs: ['answers'],
  notApplicable: (subject) => noAnswers(subject) ?? noFault(subject),
  async run(context) {
    const stage = await context.stage();
    stage.upstream?.fault({ kind: 'endless' });
    const answer = openAnswer(stage);
    await answer.first;
    answer.pause();
    const written = (): number => lastAsked(stage)?.writtenBytes ?? 0;
    let lastMs = 0;
    let before = -1;
    for (let waitedMs = 0; lastMs < CALM_MS; waitedMs += 100) {
      const now = written();
      lastMs = now === before ? lastMs + 100 : 0;
      before = now;
      hold(now < MAX_BYTES && waitedMs < LIMIT_MS, {
        expected: 'the upstream to be left waiting while the client does not read',
        seen: `${Math.round(now / 1024)} KiB were taken from it, and more`,
        remedy:
          "give the reply's body on as it is, or pull: read from the upstream only when the next event is " +
          'asked for, and pause what pushes',
      });
      await sleep(100);
    }
    answer.resume();
    const goesOn = await eventually(() => written() > before, 10_000);
    answer.leave();
    hold(goesOn, {
      expected: 'the upstream to be read again once the client reads',
      seen: `nothing more after ${Math.round(before / 1024)} KiB`,
      remedy: 'resume what was paused',
    });
  },
};
