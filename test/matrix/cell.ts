import type { Vendor } from '@cliproxy/plugin-testkit';
import type { Complaint, Heard, Line, Question } from './conversation.ts';
import { recordingFetch } from './exchange.ts';
import type { Exchange } from './exchange.ts';
import type { Pair } from './pair.ts';
import { seenBy } from './seen/seen-by.ts';
import type { Seen, SeenLine } from './seen/seen.ts';

/** One scenario between one client and one provider. */
export interface Cell extends Pair {
  /** As the client names it. */
  readonly model: string;
  readonly vendor: Vendor;
  /** All that the client sent and got. */
  readonly exchanges: readonly Exchange[];
  readonly ask: (question: Question, hooks?: Hooks) => Promise<Heard>;
  /** Asks what must fail, with an error that the SDK knows. */
  readonly complain: (question: Question, hooks?: Hooks) => Promise<Complaint>;
  /** The last request that the vendor received; `back` counts from it. */
  readonly seen: (back?: number) => Seen;
  /** A tool's output, as the vendor should see it. */
  readonly output: (name: string, output: string) => SeenLine;
}

type Hooks = Pick<Line, 'signal' | 'onPiece'>;

/** Where a cell's gateway is. */
export interface Place {
  readonly url: string;
  readonly apiKey: string;
}

/** The client's dialect can't say what the scenario asks. */
export class NoWordsError extends Error {}

/** Makes the cell; nothing is asked yet. */
export function cell(pair: Pair, vendor: Vendor, model: string, { url, apiKey }: Place): Cell {
  const { client, provider } = pair;
  const exchanges: Exchange[] = [];
  const line: Line = { url, apiKey, model, fetch: recordingFetch(exchanges) };
  const ask = async (question: Question, hooks: Hooks = {}): Promise<Heard> => {
    const reason = client.cannot?.(question);
    if (reason !== undefined) throw new NoWordsError(reason);
    const heard = await client.ask(question, { ...line, ...hooks });
    // An SDK may have made them in another realm, and assertions compare prototypes.
    return { ...heard, calls: JSON.parse(JSON.stringify(heard.calls)) as Heard['calls'] };
  };
  return {
    ...pair,
    model,
    vendor,
    exchanges,
    ask,
    async complain(question, hooks) {
      const outcome = await ask(question, hooks).then(
        (heard) => ({ heard }),
        (error: unknown) => ({ error }),
      );
      if ('error' in outcome && outcome.error instanceof NoWordsError) throw outcome.error;
      if ('heard' in outcome) {
        throw new Error(`an answer came: ${JSON.stringify(outcome.heard).slice(0, 300)}`);
      }
      const complaint = client.complaint(outcome.error);
      if (complaint !== undefined) return complaint;
      throw new Error(`no error of ${client.name}: ${String(outcome.error)}`, {
        cause: outcome.error,
      });
    },
    output: (of, output) => ({
      by: 'tool',
      of,
      output: client.written?.(of, output) ?? output,
    }),
    seen(back = 0) {
      const request = vendor.requests.filter(({ method }) => method === 'POST').at(-1 - back);
      if (request === undefined) throw new Error('the vendor was not asked');
      return seenBy(provider.dialect, request);
    },
  };
}
