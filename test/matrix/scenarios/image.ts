import { deepEqual, equal, match } from 'node:assert/strict';
import type { Scenario } from '../scenario.ts';

/** 1 × 1 pixel. */
const PNG =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const ADDRESS = 'https://images.example/cat.png';

/** The bytes of an image arrive unchanged, after the text before it; so does an address, or else. */
export const image: readonly Scenario[] = [
  {
    name: 'image',
    async run({ ask, vendor, seen }) {
      vendor.script({ parts: [{ type: 'text', text: 'One pixel.' }] });
      const heard = await ask({
        turns: [{ by: 'user', text: 'What is in it?', image: { png: PNG } }],
      });
      equal(heard.text, 'One pixel.');
      deepEqual(seen().lines, [
        { by: 'user', text: 'What is in it?' },
        { by: 'user', image: { png: PNG } },
      ]);
      return undefined;
    },
  },
  {
    name: 'image by its address',
    cannot: ({ client, provider }) =>
      client.dialect === 'gemini' && provider.dialect === 'gemini'
        ? "Gemini's API takes addresses of Google's own files alone"
        : undefined,
    async run({ ask, complain, vendor, seen, provider }) {
      const turns = [{ by: 'user', text: 'And here?', image: { url: ADDRESS } }] as const;
      if (provider.dialect !== 'gemini') {
        await ask({ turns });
        deepEqual(seen().lines.at(-1), { by: 'user', image: { url: ADDRESS } });
        return undefined;
      }
      const { status, message } = await complain({ turns });
      equal(status, 400);
      match(message, /media that the target does not fetch/u);
      equal(vendor.requests.filter(({ method }) => method === 'POST').length, 0);
      return 'the target takes no addresses: refused with the reason';
    },
  },
];
