import { equal, ok } from 'node:assert/strict';
import type { Question } from '../conversation.ts';
import type { Scenario } from '../scenario.ts';

const HELLO = 'Hello, 世界! 👋🏽 — łąka "quoted" \\ \u2028 end';
const QUESTION: Question = { turns: [{ by: 'user', text: 'Grüß mich, 你好 👩‍👩‍👧' }] };

/** A question and an answer. */
export const text: readonly Scenario[] = [
  {
    name: 'text',
    async run({ ask, vendor, seen }) {
      vendor.script({ parts: [{ type: 'text', text: HELLO }] });
      const heard = await ask(QUESTION);
      equal(heard.text, HELLO);
      equal(heard.finish, 'stop');
      equal(heard.reasoning, '');
      equal(JSON.stringify(seen().lines), JSON.stringify(QUESTION.turns));
      equal(seen().maxTokens, 4096);
      return undefined;
    },
  },
  {
    name: 'text, streamed',
    async run({ ask, vendor, seen }) {
      vendor.script({ parts: [{ type: 'text', text: HELLO, pieces: 5 }] });
      const heard = await ask({ ...QUESTION, stream: true });
      equal(heard.text, HELLO);
      equal(heard.finish, 'stop');
      ok(heard.pieces.text >= 3, `came in ${heard.pieces.text} pieces`);
      equal(JSON.stringify(seen().lines), JSON.stringify(QUESTION.turns));
      return undefined;
    },
  },
  ...([{ chunkBytes: 1 }, { lineEnd: '\r\n', comments: true, multiLineData: true }] as const).map(
    (stream): Scenario => ({
      name: `stream in ${'chunkBytes' in stream ? 'single bytes' : 'CRLF, with comments'}`,
      async run({ ask, vendor }) {
        vendor.script({ parts: [{ type: 'text', text: HELLO, pieces: 4 }], stream });
        const heard = await ask({ ...QUESTION, stream: true });
        equal(heard.text, HELLO);
        equal(heard.finish, 'stop');
        return undefined;
      },
    }),
  ),
  ...[false, true].map((stream): Scenario => ({
    name: `two texts in one answer${stream ? ', streamed' : ''}`,
    async run({ ask, vendor }) {
      vendor.script({
        parts: [
          { type: 'text', text: 'One. ', pieces: 1 },
          { type: 'text', text: 'Two.', pieces: 1 },
        ],
      });
      const heard = await ask({ ...QUESTION, stream });
      equal(heard.text, 'One. Two.');
      return undefined;
    },
  })),
  ...(['length', 'refusal'] as const).flatMap((finish) =>
    [false, true].map((stream): Scenario => ({
      name: `finish: ${finish}${stream ? ', streamed' : ''}`,
      async run({ ask, vendor }) {
        vendor.script({ parts: [{ type: 'text', text: 'I should' }], finish });
        const heard = await ask({ ...QUESTION, stream });
        equal(heard.finish, finish);
        ok(heard.text === 'I should' || finish === 'refusal', heard.text);
        return undefined;
      },
    })),
  ),
];
