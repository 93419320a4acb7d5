import type { ModelEvent } from '@cliproxy/plugin-api';

/** Where an answer is in the grammar of {@link ModelEvent}. A value: a step gives another one. */
export interface AnswerPlace {
  readonly started: boolean;
  readonly finished: boolean;
  /** Indexes of blocks that are open. */
  readonly open: ReadonlySet<number>;
  /** Indexes that were used. */
  readonly used: ReadonlySet<number>;
}

const NONE: ReadonlySet<number> = new Set();

/** Before the first event. */
export const ANSWER_START: AnswerPlace = Object.freeze({
  started: false,
  finished: false,
  open: NONE,
  used: NONE,
});

/** Where an answer is after one more event, or what of the grammar the event breaks. */
export function stepTo(place: AnswerPlace, event: ModelEvent): AnswerPlace | string {
  const { open, used, finished } = place;
  if (event.type === 'usage') return place;
  if (finished) return `gave "${event.type}" after the end of the answer`;
  switch (event.type) {
    case 'start':
      return place.started ? 'began the answer twice' : { ...place, started: true };
    case 'open': {
      const { index } = event;
      if (used.has(index)) return `opened block ${index} twice`;
      return { ...place, open: new Set(open).add(index), used: new Set(used).add(index) };
    }
    case 'delta':
      return open.has(event.index) ? place : `gave text of block ${event.index}, which is not open`;
    case 'close': {
      const { index } = event;
      if (!open.has(index)) return `closed block ${index}, which is not open`;
      const rest = new Set(open);
      rest.delete(index);
      return { ...place, open: rest };
    }
    case 'finish':
      return open.size === 0 ? { ...place, finished: true } : 'ended the answer inside a block';
  }
}

/** Whether two answers stand at the same place. */
export function samePlace(one: AnswerPlace, other: AnswerPlace): boolean {
  if (one === other) return true;
  return (
    one.started === other.started &&
    one.finished === other.finished &&
    one.open.size === other.open.size &&
    [...one.open].every((index) => other.open.has(index))
  );
}
