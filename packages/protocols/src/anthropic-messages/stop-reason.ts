import type { FinishReason } from '@cliproxy/plugin-api';

/**
 * Why an answer ended. A new word of the vendor's counts as a normal end. An answer that called a
 * tool and came to its end waits for the tool, whatever the upstream says.
 */
export function readStopReason(reason: unknown, calledTool: boolean): FinishReason {
  const read = READ.get(reason) ?? 'stop';
  return read === 'stop' && calledTool ? 'tool-calls' : read;
}

/**
 * The dialect's word. `tool_use` whenever a tool was called and nothing cut the answer short: a
 * call that `max_tokens` cut off must not be run.
 */
export function writeStopReason(finish: FinishReason, calledTool: boolean): string {
  switch (finish) {
    case 'stop':
    case 'tool-calls':
      return calledTool ? 'tool_use' : 'end_turn';
    case 'length':
      return 'max_tokens';
    case 'refusal':
      return 'refusal';
    case 'pause':
      return 'pause_turn';
  }
}

const READ: ReadonlyMap<unknown, FinishReason> = new Map([
  ['end_turn', 'stop'],
  ['stop_sequence', 'stop'],
  ['tool_use', 'tool-calls'],
  ['max_tokens', 'length'],
  ['model_context_window_exceeded', 'length'],
  ['refusal', 'refusal'],
  ['pause_turn', 'pause'],
]);
