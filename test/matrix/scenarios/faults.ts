import { equal, ok } from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StreamFaults, Vendor } from '@cliproxy/plugin-testkit';
import type { Question } from '../conversation.ts';
import type { Scenario } from '../scenario.ts';

const QUESTION: Question = { turns: [{ by: 'user', text: 'Tell me more' }], stream: true };
const STORY = 'Once upon a time, 很久以前. '.repeat(200);

/** What goes wrong on the way is seen on both sides, and nothing broken looks complete. */
export const faults: readonly Scenario[] = [
  {
    name: 'abort in mid-stream',
    async run({ ask, vendor, client }) {
      vendor.script({ parts: [{ type: 'text', text: STORY }], stream: { endless: true } });
      const abort = new AbortController();
      const asked = ask(QUESTION, { signal: abort.signal, onPiece: () => abort.abort() });
      await rejects(asked, client.name);
      await sees(vendor);
      return undefined;
    },
  },
  {
    name: 'abort while waiting',
    async run({ ask, vendor, client }) {
      const never = new Promise<never>(() => undefined);
      vendor.script({ parts: [{ type: 'text', text: STORY }], stream: { firstByteAfter: never } });
      const abort = new AbortController();
      const asked = ask({ ...QUESTION, stream: false }, { signal: abort.signal });
      const rejected = rejects(asked, client.name);
      await arrived(vendor, asked);
      abort.abort();
      await rejected;
      await sees(vendor);
      return undefined;
    },
  },
  ...(
    [
      ['connection broken in mid-stream', { cutAfterBytes: 4000 }],
      ['stream ends without its end', { cutBeforeFinish: true }],
      ['error in mid-stream', { errorAfterFirst: { status: 500, message: 'Something broke' } }],
    ] satisfies readonly (readonly [string, StreamFaults])[]
  ).map(([name, stream]): Scenario => ({
    name,
    async run({ complain, vendor, exchanges }) {
      vendor.script({ parts: [{ type: 'text', text: STORY, pieces: 40 }], stream });
      await complain(QUESTION);
      ok(exchanges[0]?.body.includes('Once'), 'nothing of it arrived');
      return undefined;
    },
  })),
  ...[false, true].map((stream): Scenario => ({
    name: `slow first byte${stream ? ', streamed' : ''}`,
    async run({ ask, vendor, exchanges }) {
      let release = (): void => undefined;
      const firstByteAfter = new Promise<void>((resolve) => (release = resolve));
      vendor.script({ parts: [{ type: 'text', text: 'At last' }], stream: { firstByteAfter } });
      const asked = ask({ ...QUESTION, stream });
      await arrived(vendor, asked);
      await sleep(50);
      equal(exchanges[0]?.status, undefined, 'an answer began before the vendor gave one');
      release();
      equal((await asked).text, 'At last');
      return undefined;
    },
  })),
];

/** Waits for the vendor to lose its caller. */
async function sees({ requests }: Vendor): Promise<void> {
  const asked = requests.find(({ method }) => method === 'POST');
  await asked?.closed;
  equal(asked?.aborted, true, 'the vendor did not see it');
}

async function rejects(asked: Promise<unknown>, sdk: string): Promise<void> {
  const outcome = await asked.then(
    () => 'answered',
    () => 'rejected',
  );
  equal(outcome, 'rejected', `${sdk} has an answer, though its caller left`);
}

/** Fails where the client gets an answer before the vendor was asked at all. */
async function arrived({ requests }: Vendor, asked: Promise<unknown>): Promise<void> {
  const answer = { settled: false };
  const settle = () => {
    answer.settled = true;
  };
  asked.then(settle, settle);
  const isThere = () => requests.some(({ method }) => method === 'POST');
  while (!isThere() && !answer.settled) await sleep(5);
  if (!isThere()) await asked;
}
