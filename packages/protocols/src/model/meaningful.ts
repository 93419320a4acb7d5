import type { ModelEvent } from '@cliproxy/plugin-api';

/**
 * Whether an event is a reason to commit: the first text, reasoning, tool call or finish. Starts,
 * empty parts and usage are not; they are all that an answer which fails at once has told.
 */
export function isMeaningful(event: ModelEvent): boolean {
  switch (event.type) {
    case 'delta':
      return event.text !== '';
    case 'finish':
      return true;
    case 'close':
      return event.opaque !== undefined;
    case 'open':
      switch (event.part.type) {
        case 'text':
        case 'refusal':
          return event.part.text !== '';
        case 'reasoning':
          return event.part.text !== '' || event.part.opaque !== undefined;
        case 'media':
        case 'tool-call':
        case 'tool-result':
          return true;
      }
    // falls through: every part type returns
    case 'start':
    case 'usage':
      return false;
  }
}
