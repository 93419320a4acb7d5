import type { EventTransform, ModelEvent, Part } from '@cliproxy/plugin-api';
import type { PlaceholderBook } from './placeholder-book.ts';
import { Restorer } from './restorer.ts';

/**
 * Puts values back into an answer.
 *
 * @param textIsJson - the client asked for JSON.
 */
export function restoreEvents(book: PlaceholderBook, textIsJson: boolean): EventTransform {
  const blocks = new Map<number, Restorer>();
  return {
    push(event): readonly ModelEvent[] {
      switch (event.type) {
        case 'open': {
          const { index, part } = event;
          if (part.type === 'media' || part.type === 'tool-result') return [event];
          const restorer = new Restorer(book, isJson(part, textIsJson));
          blocks.set(index, restorer);
          return [{ ...event, part: restoredPart(part, restorer) }];
        }
        case 'delta': {
          const restorer = blocks.get(event.index);
          if (restorer === undefined) return [event];
          const text = restorer.push(event.text);
          if (text === event.text) return [event];
          return text === '' ? [] : [{ ...event, text }];
        }
        case 'close': {
          const restorer = blocks.get(event.index);
          blocks.delete(event.index);
          if (restorer === undefined) return [event];
          const { index, citations } = event;
          const rest = restorer.end();
          const end =
            citations === undefined ? event : { ...event, citations: restorer.moved(citations) };
          return rest === '' ? [end] : [{ type: 'delta', index, text: rest }, end];
        }
        case 'start':
        case 'usage':
        case 'finish':
          return [event];
      }
    },
  };
}

function isJson(part: Part, textIsJson: boolean): boolean {
  if (part.type === 'tool-call') return part.kind !== 'custom';
  return part.type === 'text' && textIsJson;
}

/** A block may begin with some of its text, or with all of it. */
function restoredPart(part: Part, restorer: Restorer): Part {
  if (part.type === 'tool-call')
    return { ...part, argumentsJson: restorer.push(part.argumentsJson) };
  if (part.type === 'media' || part.type === 'tool-result') return part;
  const text = restorer.push(part.text);
  if (part.type === 'reasoning' || part.citations === undefined) return { ...part, text };
  return { ...part, text, citations: restorer.moved(part.citations) };
}
