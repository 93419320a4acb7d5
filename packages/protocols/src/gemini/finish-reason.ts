import { GatewayError } from '@cliproxy/plugin-api';
import type { FinishReason } from '@cliproxy/plugin-api';

/**
 * Reads `finishReason`. The dialect has no word for an end with calls; new words mean a normal end.
 *
 * @throws GatewayError `UPSTREAM_FAILED` for a call that went wrong, where nothing else was told.
 */
export function readFinish(word: string, hasCalls: boolean, hasContent: boolean): FinishReason {
  if (BROKEN.has(word) && !hasContent) {
    const message = `The model ended its answer with ${word} and nothing else; ask again.`;
    throw new GatewayError('UPSTREAM_FAILED', message, {
      failure: { kind: 'upstream', scope: 'request', message },
    });
  }
  const read = READ.get(word) ?? 'stop';
  return read === 'stop' && hasCalls ? 'tool-calls' : read;
}

/** The dialect's word. */
export function writeFinish(reason: FinishReason): string {
  switch (reason) {
    case 'length':
      return 'MAX_TOKENS';
    case 'refusal':
      return 'SAFETY';
    case 'stop':
    case 'tool-calls':
    case 'pause':
      return 'STOP';
  }
}

const BROKEN: ReadonlySet<string> = new Set([
  'MALFORMED_FUNCTION_CALL',
  'UNEXPECTED_TOOL_CALL',
  'TOO_MANY_TOOL_CALLS',
]);

const READ: ReadonlyMap<string, FinishReason> = new Map([
  ['MAX_TOKENS', 'length'],
  ['SAFETY', 'refusal'],
  ['PROHIBITED_CONTENT', 'refusal'],
  ['BLOCKLIST', 'refusal'],
  ['SPII', 'refusal'],
  ['LANGUAGE', 'refusal'],
  ['IMAGE_SAFETY', 'refusal'],
  ['IMAGE_PROHIBITED_CONTENT', 'refusal'],
  ['CONTINUATION', 'pause'],
]);
