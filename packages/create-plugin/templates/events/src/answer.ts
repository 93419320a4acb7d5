import { GatewayError } from '@cliproxy/plugin-api';
import type { FinishReason, ModelEvent } from '@cliproxy/plugin-api';

/**
 * What the API answers, line by line. TODO: your API's own.
 *
 *     {"say":"Hello"}
 *     {"say":" there"}
 *     {"done":"end","tokens":{"in":3,"out":2}}
 */
interface AnswerLine {
  readonly say?: unknown;
  readonly done?: unknown;
  readonly tokens?: { readonly in?: unknown; readonly out?: unknown };
}

/**
 * Makes events of an answer: `start`, then for each part `open`, `delta`s and `close`, then `usage` and
 * exactly one `finish`. `finish` is the upstream's own last word: where that does not come, the answer
 * is broken, and nothing may look whole.
 *
 * @throws GatewayError `UPSTREAM_BAD_ANSWER` for what can't be understood, `UPSTREAM_TRUNCATED` where the
 *   answer ends too early.
 */
export async function* eventsOf(lines: AsyncIterable<unknown>): AsyncGenerator<ModelEvent> {
  yield { type: 'start' };
  let isOpen = false;
  for await (const line of lines) {
    const { say, done, tokens } = (line ?? {}) as AnswerLine;
    if (typeof say === 'string') {
      if (!isOpen) yield { type: 'open', index: 0, part: { type: 'text', text: '' } };
      isOpen = true;
      yield { type: 'delta', index: 0, text: say };
    } else if (typeof done === 'string') {
      if (isOpen) yield { type: 'close', index: 0 };
      if (typeof tokens?.in === 'number' && typeof tokens.out === 'number') {
        yield { type: 'usage', usage: { inputTokens: tokens.in, outputTokens: tokens.out } };
      }
      yield { type: 'finish', reason: reasonOf(done) };
      return;
    } else {
      throw broken('UPSTREAM_BAD_ANSWER', 'a line of the answer is none that the API documents');
    }
  }
  throw broken('UPSTREAM_TRUNCATED', 'the answer ended before it was complete');
}

function reasonOf(done: string): FinishReason {
  return done === 'length' ? 'length' : 'stop';
}

function broken(code: string, message: string): GatewayError {
  return new GatewayError(code, message, {
    failure: { kind: 'upstream', scope: 'account', message },
  });
}
