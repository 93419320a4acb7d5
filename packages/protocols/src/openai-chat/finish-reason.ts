import { GatewayError } from '@cliproxy/plugin-api';
import type { FinishReason } from '@cliproxy/plugin-api';

/**
 * Reads `finish_reason`. Unknown words, and none, mean a normal end; an end with tool calls is one
 * for tool calls, whatever the word. A cut answer stays one even with calls: the last may be cut.
 *
 * @throws GatewayError `UPSTREAM_FAILED` for `error`, with which some servers end a broken answer.
 */
export function readFinish(word: string | undefined, hasCalls: boolean): FinishReason {
  switch (word) {
    case 'length':
    case 'max_tokens':
      return 'length';
    case 'content_filter':
      return 'refusal';
    case 'error': {
      const message = 'The upstream ended its answer with finish_reason "error".';
      throw new GatewayError('UPSTREAM_FAILED', message, {
        failure: { kind: 'upstream', scope: 'instance', message },
      });
    }
    default:
      return hasCalls ? 'tool-calls' : 'stop';
  }
}

/** The closed set that typed clients know, less the legacy `function_call`. */
export type ChatFinish = 'stop' | 'length' | 'tool_calls' | 'content_filter';

/** Writes `finish_reason`. */
export function writeFinish(reason: FinishReason, hasCalls: boolean): ChatFinish {
  switch (reason) {
    case 'length':
      return 'length';
    case 'refusal':
      return 'content_filter';
    case 'tool-calls':
    case 'stop':
    case 'pause':
      return hasCalls ? 'tool_calls' : 'stop';
  }
}
