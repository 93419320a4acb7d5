import { deepEqual, equal, ok } from 'node:assert/strict';
import type OpenAI from 'openai';
import type { Streamed } from './frames.ts';

type Event = OpenAI.Responses.ResponseStreamEvent;
type Item = OpenAI.Responses.ResponseOutputItem;

const ENDS: readonly string[] = ['response.completed', 'response.incomplete', 'response.failed'];

/**
 * Responses: numbers that rise by one, items numbered in the order they are added, every part added
 * and done, what is done equal to what was told in pieces, and in the end all of it once more.
 */
export function checkResponsesStream({ frames, complete, model }: Streamed): void {
  const machine = new ResponsesMachine(model);
  for (const { event, data } of frames) {
    ok(data !== '[DONE]', 'Responses has no [DONE]');
    const told = JSON.parse(data) as Event;
    equal(event, told.type, 'the name and the type differ');
    machine.push(told);
  }
  if (complete) ok(machine.over, 'it ends in the midst');
}

interface OpenItem {
  readonly id: string | undefined;
  readonly type: Item['type'];
  /** Texts in pieces, by where they belong. */
  readonly pieces: Map<string, string>;
  readonly openParts: Set<string>;
}

class ResponsesMachine {
  over = false;
  readonly #model: string;
  #id: string | undefined;
  #sequence = 0;
  #added = 0;
  readonly #open = new Map<number, OpenItem>();
  readonly #done: Item[] = [];

  constructor(model: string) {
    this.#model = model;
  }

  push(event: Event): void {
    ok(!this.over, `after the end: ${event.type}`);
    equal(event.sequence_number, this.#sequence, `the number of ${event.type}`);
    this.#sequence += 1;
    if (this.#sequence === 1) ok(['response.created', 'error'].includes(event.type), event.type);
    if ('response' in event) this.#response(event.response);
    if (event.type === 'error') this.over = true;
    else if (ENDS.includes(event.type)) this.#end(event);
    else if (event.type === 'response.output_item.added') this.#add(event);
    else if (event.type === 'response.output_item.done') this.#finish(event);
    else if ('item_id' in event) this.#within(event);
  }

  #response({ id, model }: OpenAI.Responses.Response): void {
    this.#id ??= id;
    equal(id, this.#id, 'the id changes');
    equal(model, this.#model);
  }

  #end(event: Event): void {
    this.over = true;
    if (event.type !== 'response.completed' && event.type !== 'response.incomplete') return;
    equal(this.#open.size, 0, 'it ends with open items');
    deepEqual(event.response.output, this.#done, 'the output is not what was done');
    ok(event.response.usage, 'no usage at the end');
  }

  #add({ item, output_index: at }: OpenAI.Responses.ResponseOutputItemAddedEvent): void {
    equal(at, this.#added, 'items are numbered one by one');
    this.#added += 1;
    this.#open.set(at, {
      id: item.id,
      type: item.type,
      pieces: new Map(),
      openParts: new Set(),
    });
  }

  #finish({ item, output_index: at }: OpenAI.Responses.ResponseOutputItemDoneEvent): void {
    const open = this.#open.get(at);
    ok(open, `item ${at} is done, but was not added`);
    deepEqual([item.id, item.type], [open.id, open.type], 'the item changes');
    equal(open.openParts.size, 0, `item ${at} is done with open parts`);
    const told = [...open.pieces].sort(([a], [b]) => a.localeCompare(b)).map(([, text]) => text);
    deepEqual(
      told.filter((text) => text !== ''),
      textsOf(item),
      `item ${at} is not its pieces`,
    );
    this.#open.delete(at);
    this.#done[at] = item;
  }

  /** Deltas, and the beginnings and ends of parts. */
  #within(event: Extract<Event, { readonly item_id: string }>): void {
    if (!('output_index' in event)) return;
    const open = this.#open.get(event.output_index);
    ok(open, `${event.type} of item ${event.output_index}, which is not open`);
    equal(event.item_id, open.id, `${event.type}: the id of the item`);
    const part = `${'summary_index' in event ? `s${event.summary_index}` : ''}${
      'content_index' in event ? `c${event.content_index}` : ''
    }`;
    if (event.type.endsWith('part.added')) open.openParts.add(part);
    else if (event.type.endsWith('part.done')) ok(open.openParts.delete(part), event.type);
    else if (event.type.endsWith('.delta') && 'delta' in event) {
      open.pieces.set(part, (open.pieces.get(part) ?? '') + (event.delta as string));
    } else if (event.type === 'response.output_text.done') {
      equal(event.text, open.pieces.get(part) ?? '', event.type);
    } else if (event.type === 'response.function_call_arguments.done') {
      equal(event.arguments, open.pieces.get(part) ?? '', event.type);
    }
  }
}

/** The texts of an item that are told in pieces. */
function textsOf(item: Item): readonly string[] {
  const texts =
    item.type === 'message'
      ? item.content.map((part) => (part.type === 'refusal' ? part.refusal : part.text))
      : item.type === 'function_call'
        ? [item.arguments]
        : item.type === 'reasoning'
          ? [...(item.content ?? []), ...item.summary].map(({ text }) => text)
          : [];
  return texts.filter((text) => text !== '');
}
