import { hold, shown } from '../check.ts';
import type { Check } from '../check.ts';
import { noAnswers } from './answers.ts';

export const streamEnd: Check = {
  id: 'stream-end',
  level: 'speaks',
  means: 'A stream says once that it has ended, then ends, and nothing follows.',
  needs: ['answers'],
  notApplicable: noAnswers,
  async run(context) {
    for (const dialect of await context.dialects()) {
      const stage = await context.stage({ dialect });
      const signal = AbortSignal.timeout(20_000);
      const heard = await stage.ask({ stream: true, signal });
      hold(heard.arrived || !signal.aborted, {
        expected: `the end of the stream (${dialect})`,
        seen: `none within 20 s after ${shown(heard.body)}`,
        remedy: "end the reply's body, or the events, where the upstream's answer ends",
      });
      hold(heard.arrived && heard.ends === 1 && !heard.goesOn && !heard.failed, {
        expected: `one end, and nothing after it (${dialect})`,
        seen: `${heard.ends} ends${heard.goesOn ? ', and more after the last' : ''}: ${shown(heard.body.slice(-300))}`,
        remedy:
          "yield `finish` once, as the last event; pass a wire upstream's bytes on as they are",
      });
      const events = stage.watch.calls.at(-1)?.events ?? [];
      const finishes = events.filter(({ type }) => type === 'finish').length;
      hold(events.length === 0 || (finishes === 1 && events.at(-1)?.type === 'finish'), {
        expected: 'exactly one `finish`, as the last event',
        seen: shown(events.map(({ type }) => type).slice(-10)),
        remedy: 'yield `finish` where the answer is complete, and return',
      });
    }
  },
};
