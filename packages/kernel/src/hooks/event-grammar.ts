import type { ModelEvent } from '@cliproxy/plugin-api';

/** Where an answer is in the grammar of {@link ModelEvent}. A value: a step gives another one. */
export interface AnswerPlace {
  readonly started: boolean;
  readonly finished: boolean;
  /** Blocks that are open, the last one first. A list of links, so that one more copies nothing. */
  readonly open: OpenBlock | undefined;
}

interface OpenBlock {
  readonly index: number;
  readonly before: OpenBlock | undefined;
}

/** Before the first event. */
export const ANSWER_START: AnswerPlace = Object.freeze({
  started: false,
  finished: false,
  open: undefined,
});

/**
 * Where an answer is after one more event, or what of the grammar the event breaks.
 *
 * @param used - the indexes that the answer has used. One set for the whole answer, which grows here:
 *   copied for each block, it would take more time for each than for the one before.
 */
export function stepTo(
  place: AnswerPlace,
  event: ModelEvent,
  used: Set<number>,
): AnswerPlace | string {
  const { open, finished } = place;
  if (event.type === 'usage') return place;
  if (finished) return `gave "${event.type}" after the end of the answer`;
  switch (event.type) {
    case 'start':
      return place.started ? 'began the answer twice' : { ...place, started: true };
    case 'open': {
      const { index } = event;
      if (used.has(index)) return `opened block ${index} twice`;
      used.add(index);
      return { ...place, open: { index, before: open } };
    }
    case 'delta':
      return isOpen(open, event.index)
        ? place
        : `gave text of block ${event.index}, which is not open`;
    case 'close': {
      const { index } = event;
      if (!isOpen(open, index)) return `closed block ${index}, which is not open`;
      return { ...place, open: without(open, index) };
    }
    case 'finish':
      return open === undefined ? { ...place, finished: true } : 'ended the answer inside a block';
  }
}

/** Whether two answers stand at the same place. */
export function samePlace(one: AnswerPlace, other: AnswerPlace): boolean {
  if (one === other) return true;
  if (one.started !== other.started || one.finished !== other.finished) return false;
  const open = new Set(indexesOf(one.open));
  const others = indexesOf(other.open);
  return open.size === others.length && others.every((index) => open.has(index));
}

function isOpen(open: OpenBlock | undefined, index: number): boolean {
  for (let block = open; block !== undefined; block = block.before) {
    if (block.index === index) return true;
  }
  return false;
}

function without(open: OpenBlock | undefined, index: number): OpenBlock | undefined {
  let rest = open;
  const kept: number[] = [];
  for (; rest !== undefined && rest.index !== index; rest = rest.before) kept.push(rest.index);
  return kept.reduceRight((before, one): OpenBlock => ({ index: one, before }), rest?.before);
}

function indexesOf(open: OpenBlock | undefined): readonly number[] {
  const indexes: number[] = [];
  for (let block = open; block !== undefined; block = block.before) indexes.push(block.index);
  return indexes;
}
