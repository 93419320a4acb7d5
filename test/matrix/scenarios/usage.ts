import { deepEqual, equal } from 'node:assert/strict';
import type { HeardUsage } from '../conversation.ts';
import type { Scenario } from '../scenario.ts';

const USAGE = { input: 120, output: 45, cached: 100, reasoning: 30 };

/** Exact, in the client's own arithmetic, and the sums are right. */
export const usage: readonly Scenario[] = [false, true].flatMap(
  (stream) =>
    [
      {
        name: `usage${stream ? ', streamed' : ''}`,
        async run({ ask, vendor }) {
          vendor.script({ parts: [{ type: 'text', text: 'Hi' }], usage: { input: 21, output: 7 } });
          const { usage: told } = await ask({ turns: [{ by: 'user', text: 'Hi' }], stream });
          checkSum(told, { input: 21, output: 7 });
          return undefined;
        },
      },
      {
        name: `usage, cached and reasoning${stream ? ', streamed' : ''}`,
        async run({ ask, vendor }) {
          vendor.script({
            parts: [
              { type: 'reasoning', text: 'Hm.' },
              { type: 'text', text: 'Hi' },
            ],
            usage: USAGE,
          });
          const { usage: told } = await ask({
            turns: [{ by: 'user', text: 'Hi' }],
            thinking: 'on',
            maxTokens: 8192,
            stream,
          });
          checkSum(told, USAGE);
          deepEqual([told?.cached, told?.reasoning], [USAGE.cached, USAGE.reasoning]);
          return undefined;
        },
      },
    ] satisfies Scenario[],
);

function checkSum(told: HeardUsage | undefined, { input, output }: HeardUsage): void {
  equal(told?.input, input, 'input');
  equal(told.output, output, 'output');
  equal(told.total ?? input + output, input + output, 'total');
}
