import { GatewayError } from '@cliproxy/plugin-api';
import type { FinishReason, ModelEvent, Part } from '@cliproxy/plugin-api';
import type { AcmeApi } from './config.ts';
import { failureOf } from './failure.ts';

/** A line of an answer. `t` says which of the others are there. */
interface AnswerLine {
  readonly t?: unknown;
  readonly talk?: string;
  readonly text?: string;
  readonly id?: string;
  readonly tool?: string;
  readonly with?: string;
  readonly words_in?: number;
  readonly words_out?: number;
  readonly why?: string;
  readonly code?: string;
  readonly say?: string;
}

const REASONS: Readonly<Record<string, FinishReason>> = {
  done: 'stop',
  limit: 'length',
  tools: 'tool-calls',
  refused: 'refusal',
};

/**
 * Makes events of an answer. `start`, then for each part `open`, `delta`s and `close`, then `usage`, and
 * exactly one `finish`. Acme writes one part after the other, so that one is open at a time.
 *
 * `finish` is Acme's own last word. An answer without one is broken, and nothing may look whole.
 *
 * @throws GatewayError for an `oops` on the way, `UPSTREAM_BAD_ANSWER` for a line that Acme does not
 *   document, `UPSTREAM_TRUNCATED` where the answer ends before its `bye`.
 */
export async function* eventsOf(
  lines: AsyncIterable<unknown>,
  clock: AcmeApi['clock'],
): AsyncGenerator<ModelEvent> {
  const parts = new OpenPart();
  for await (const value of lines) {
    const line = (value ?? {}) as AnswerLine;
    switch (line.t) {
      case 'hello':
        yield { type: 'start', ...(line.talk !== undefined && { id: line.talk }) };
        break;
      case 'thought':
      case 'text': {
        const type = line.t === 'text' ? 'text' : 'reasoning';
        if (parts.key !== type) yield* parts.open(type, { type, text: '' });
        yield parts.delta(line.text ?? '');
        break;
      }
      case 'use': {
        const { id = '', tool: name = '' } = line;
        yield* parts.open(id, { type: 'tool-call', id, name, argumentsJson: '' });
        yield parts.delta(line.with ?? '');
        break;
      }
      // More of the arguments of the tool that was named last.
      case 'with':
        yield parts.delta(line.with ?? '');
        break;
      case 'bill': {
        const { words_in: inputTokens = 0, words_out: outputTokens = 0 } = line;
        yield { type: 'usage', usage: { inputTokens, outputTokens } };
        break;
      }
      case 'bye':
        yield* parts.close();
        yield { type: 'finish', reason: REASONS[line.why ?? ''] ?? 'stop' };
        return;
      case 'oops':
        throw failureOf(200, line, clock);
      default:
        throw broken('UPSTREAM_BAD_ANSWER', 'a line of the answer is none that Acme documents');
    }
  }
  throw broken('UPSTREAM_TRUNCATED', 'the answer ended before its bye');
}

/** The part that is written at the moment, and its number. */
class OpenPart {
  /** What tells it from others: its type, or the tool call's id. */
  key: string | undefined;
  #index = -1;

  *open(key: string, part: Part): Generator<ModelEvent> {
    yield* this.close();
    this.key = key;
    this.#index += 1;
    yield { type: 'open', index: this.#index, part };
  }

  delta(text: string): ModelEvent {
    if (this.key === undefined) {
      throw broken('UPSTREAM_BAD_ANSWER', 'arguments came before the tool that they are for');
    }
    return { type: 'delta', index: this.#index, text };
  }

  *close(): Generator<ModelEvent> {
    if (this.key !== undefined) yield { type: 'close', index: this.#index };
    this.key = undefined;
  }
}

function broken(code: string, message: string): GatewayError {
  return new GatewayError(code, message, {
    failure: { kind: 'upstream', scope: 'account', message },
  });
}
