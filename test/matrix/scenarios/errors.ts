import { equal, match, ok } from 'node:assert/strict';
import type { Dialect } from '@cliproxy/plugin-api';
import type { VendorError } from '@cliproxy/plugin-testkit';
import type { Scenario } from '../scenario.ts';

interface Refusal {
  readonly name: string;
  readonly error: VendorError['error'];
  /** What the client's SDK tells of it. */
  readonly status: readonly number[];
  readonly says?: RegExp;
  /** From and to, in seconds. */
  readonly retryAfter?: readonly [number, number];
}

const OVERLOADED = { 'anthropic-messages': 529 } as const;

const REFUSALS: readonly Refusal[] = [
  {
    name: '400',
    error: { status: 400, message: 'temperature is too hot' },
    status: [400],
    says: /temperature is too hot/u,
  },
  // The vendor refused a key of ours; the client's own is good.
  { name: '401', error: { status: 401 }, status: [503] },
  { name: '404', error: { status: 404 }, status: [404] },
  {
    name: '429',
    error: { status: 429, retryAfter: 17 },
    status: [429],
    retryAfter: [10, 17],
  },
  {
    name: '429 for ten days',
    error: { status: 429, retryAfter: 864_000 },
    status: [429],
    retryAfter: [3500, 3600],
  },
  { name: '500', error: { status: 500 }, status: [500, 502] },
  { name: 'overloaded', error: { status: 503 }, status: [503, 529] },
  { name: 'an HTML page', error: { status: 502, body: 'html' }, status: [502] },
  { name: 'garbage', error: { status: 200, body: 'garbage' }, status: [502] },
];

/** The vendor's failures, as the typed errors of the client's SDK. */
export const errors: readonly Scenario[] = [
  ...REFUSALS.flatMap((refusal) =>
    [false, true].map((stream): Scenario => ({
      name: `error: ${refusal.name}${stream ? ', streamed' : ''}`,
      async run({ complain, vendor, provider, client, exchanges }) {
        vendor.script({ error: inItsWords(refusal, provider.dialect) });
        const told = await complain({ turns: [{ by: 'user', text: 'Hi' }], stream });
        ok(refusal.status.includes(told.status ?? 0), `status is ${told.status}`);
        equal(told.type, client.classOf(told.status ?? 0));
        if (refusal.says) match(told.message, refusal.says);
        if (refusal.retryAfter) {
          const seconds = Number(exchanges.at(-1)?.headers.get('retry-after'));
          const [from, to] = refusal.retryAfter;
          ok(seconds > from && seconds <= to, `retry-after is ${seconds}`);
          // Google's SDK shows no headers.
          if (client.name !== '@google/genai') equal(told.retryAfterS, seconds);
        }
        ok(!/<html/iu.test(told.message), 'the page was handed on');
        return undefined;
      },
    })),
  ),
  {
    name: 'error at once, inside a stream',
    async run({ complain, vendor, exchanges }) {
      vendor.script({ error: { status: 500, message: 'It broke', inStream: true } });
      await complain({ turns: [{ by: 'user', text: 'Hi' }], stream: true });
      ok((exchanges[0]?.status ?? 0) >= 500, `status is ${exchanges[0]?.status}`);
      return undefined;
    },
  },
];

function inItsWords({ name, error }: Refusal, dialect: Dialect): VendorError['error'] {
  if (name !== 'overloaded') return error;
  return { ...error, status: dialect === 'anthropic-messages' ? OVERLOADED[dialect] : 503 };
}
