import type { Citation, ModelEvent, Opaque, Part } from '@cliproxy/plugin-api';
import { unwrapped } from '../anthropic-messages/tool-arguments.ts';
import type { DecodeContext } from '../codec/answer-context.ts';
import { isJsonObject } from '../model/json-object.ts';
import type { JsonObject } from '../model/json-object.ts';
import { checkKept } from '../model/kept.ts';
import { readCitations } from '../openai-chat/annotations.ts';
import { SUMMARY_BREAK, readEncrypted } from './encrypted-reasoning.ts';
import { callHead, imageParts, reasoningText, writtenInput } from './output-decode.ts';
import type { Holds } from './status.ts';

/** A block of the answer: a call, the reasoning of an item, or one part of a message. */
interface Block {
  readonly index: number;
  readonly type: Part['type'];
  /** How much of its text was told. */
  chars: number;
  /** A wrapped free-text call's arguments: told when its text can be unwrapped. */
  wrapped: string | undefined;
  citations: readonly Citation[];
  closed: boolean;
}

interface Item {
  done: boolean;
  /** By place in the item. */
  readonly blocks: Map<number, Block>;
  /** Which of its two texts a reasoning item tells: the other one is the same thing said again. */
  told: 'summary' | 'content' | undefined;
  /** Part of the summary that was told last. */
  summary: number;
}

/**
 * Builds the blocks of an answer out of events about items. Items are known by their place in the
 * output; events of several may interleave.
 */
export class ItemBlocks {
  readonly #context: DecodeContext;
  readonly #items = new Map<number, Item>();
  /** Places of items by id, for events that lack the place. */
  readonly #places = new Map<string, number>();
  #nextIndex = 0;
  #wrappedChars = 0;
  #calls = false;
  #refusal = false;

  constructor(context: DecodeContext) {
    this.#context = context;
  }

  get holds(): Holds {
    return { calls: this.#calls, refusal: this.#refusal };
  }

  /** Reads one event; of an unknown type, nothing. */
  read(type: string, event: JsonObject, out: ModelEvent[]): void {
    const { delta } = event;
    switch (type) {
      case 'response.output_text.delta':
        this.#text('text', event, delta, out);
        return;
      case 'response.refusal.delta':
        this.#text('refusal', event, delta, out);
        return;
      case 'response.output_text.done':
        this.#textDone('text', event, event.text, out);
        return;
      case 'response.refusal.done':
        this.#textDone('refusal', event, event.refusal, out);
        return;
      case 'response.output_text.annotation.added':
        this.#cite(event);
        return;
      case 'response.reasoning_summary_text.delta':
        this.#reasoning('summary', event, event.summary_index, out);
        return;
      case 'response.reasoning_text.delta':
        this.#reasoning('content', event, event.content_index, out);
        return;
      case 'response.function_call_arguments.delta':
      case 'response.custom_tool_call_input.delta':
        this.#input(this.#itemOf(event), delta, out);
        return;
      case 'response.function_call_arguments.done':
      case 'response.custom_tool_call_input.done':
        this.#inputRest(this.#itemOf(event), writtenInput(event), out);
        return;
      case 'response.output_item.added':
        if (isJsonObject(event.item)) this.#added(this.#placeOf(event), event.item, out);
        return;
      case 'response.output_item.done':
        if (isJsonObject(event.item)) this.#done(this.#placeOf(event), event.item, out);
    }
  }

  /** Tells what only the final response's output tells, and closes what is open. */
  end(output: unknown, out: ModelEvent[]): void {
    if (Array.isArray(output)) {
      for (const [place, item] of output.entries()) {
        if (isJsonObject(item)) this.#done(place, item, out);
      }
    }
    for (const item of this.#items.values()) this.#closeAll(item, undefined, out);
  }

  #text(type: 'text' | 'refusal', event: JsonObject, text: unknown, out: ModelEvent[]): void {
    if (typeof text !== 'string' || text === '') return;
    const block = this.#contentBlock(
      type,
      this.#itemOf(event),
      numberOr0(event.content_index),
      out,
    );
    this.#tell(block, text, out);
  }

  #cite(event: JsonObject): void {
    const block = this.#itemOf(event).blocks.get(numberOr0(event.content_index));
    if (block === undefined) return;
    block.citations = [...block.citations, ...readCitations([event.annotation])];
    checkKept({ parts: block.citations.length });
  }

  #textDone(type: 'text' | 'refusal', event: JsonObject, text: unknown, out: ModelEvent[]): void {
    const item = this.#itemOf(event);
    const place = numberOr0(event.content_index);
    this.#contentRest(type, item, place, text, out);
    const block = item.blocks.get(place);
    if (block !== undefined) this.#close(block, undefined, out);
  }

  #contentRest(
    type: 'text' | 'refusal',
    item: Item,
    place: number,
    text: unknown,
    out: ModelEvent[],
  ): void {
    const chars = item.blocks.get(place)?.chars ?? 0;
    if (typeof text !== 'string' || text.length <= chars) return;
    this.#tell(this.#contentBlock(type, item, place, out), text.slice(chars), out);
  }

  #contentBlock(type: 'text' | 'refusal', item: Item, place: number, out: ModelEvent[]): Block {
    this.#refusal ||= type === 'refusal';
    return item.blocks.get(place) ?? this.#open(item, place, { type, text: '' }, out);
  }

  #reasoning(
    kind: 'summary' | 'content',
    event: JsonObject,
    part: unknown,
    out: ModelEvent[],
  ): void {
    const { delta } = event;
    if (typeof delta !== 'string' || delta === '') return;
    const item = this.#itemOf(event);
    item.told ??= kind;
    if (item.told !== kind) return;
    const block = this.#reasoningBlock(item, out);
    const place = numberOr0(part);
    if (kind === 'summary' && place !== item.summary && block.chars > 0) {
      this.#tell(block, SUMMARY_BREAK, out);
    }
    item.summary = place;
    this.#tell(block, delta, out);
  }

  #reasoningBlock(item: Item, out: ModelEvent[]): Block {
    return item.blocks.get(0) ?? this.#open(item, 0, { type: 'reasoning', text: '' }, out);
  }

  #added(place: number, item: JsonObject, out: ModelEvent[]): void {
    if (typeof item.id === 'string') this.#places.set(item.id, place);
    if (item.type === 'function_call' || item.type === 'custom_tool_call') {
      const known = this.#item(place);
      this.#call(known, item, out);
      this.#input(known, writtenInput(item), out);
    }
  }

  #call(known: Item, item: JsonObject, out: ModelEvent[]): Block {
    const open = known.blocks.get(0);
    if (open !== undefined) return open;
    this.#calls = true;
    const { part, isWrapped } = callHead(item, this.#context);
    const block = this.#open(known, 0, part, out);
    if (isWrapped) block.wrapped = '';
    return block;
  }

  #input(item: Item, delta: unknown, out: ModelEvent[]): void {
    const block = item.blocks.get(0);
    if (block?.type !== 'tool-call' || typeof delta !== 'string' || delta === '') return;
    if (block.wrapped === undefined) {
      this.#tell(block, delta, out);
      return;
    }
    block.wrapped += delta;
    block.chars += delta.length;
    this.#wrappedChars += delta.length;
    checkKept({ chars: this.#wrappedChars });
  }

  #inputRest(item: Item, written: string, out: ModelEvent[]): void {
    const chars = item.blocks.get(0)?.chars ?? 0;
    if (written.length > chars) this.#input(item, written.slice(chars), out);
  }

  #done(place: number, item: JsonObject, out: ModelEvent[]): void {
    const known = this.#item(place);
    if (known.done) return;
    known.done = true;
    let opaque: Opaque | undefined;
    switch (item.type) {
      case 'message':
        this.#messageRest(known, item, out);
        break;
      case 'reasoning':
        opaque = readEncrypted(item, this.#context.origin);
        this.#reasoningRest(known, item, opaque, out);
        break;
      case 'function_call':
      case 'custom_tool_call':
        this.#call(known, item, out);
        this.#inputRest(known, writtenInput(item), out);
        break;
      case 'image_generation_call':
        for (const part of imageParts(item)) this.#open(known, 0, part, out);
        break;
    }
    this.#closeAll(known, opaque, out);
  }

  #messageRest(known: Item, { content }: JsonObject, out: ModelEvent[]): void {
    if (!Array.isArray(content)) return;
    for (const [place, part] of content.entries()) {
      if (!isJsonObject(part)) continue;
      const isRefusal = part.type === 'refusal';
      const text = isRefusal ? part.refusal : part.text;
      this.#contentRest(isRefusal ? 'refusal' : 'text', known, place, text, out);
      const block = known.blocks.get(place);
      if (block?.citations.length === 0) block.citations = readCitations(part.annotations);
    }
  }

  #reasoningRest(
    known: Item,
    item: JsonObject,
    opaque: Opaque | undefined,
    out: ModelEvent[],
  ): void {
    const text = known.blocks.has(0) ? '' : reasoningText(item);
    if (text !== '') this.#tell(this.#reasoningBlock(known, out), text, out);
    else if (opaque !== undefined) this.#reasoningBlock(known, out);
  }

  #open(item: Item, place: number, part: Part, out: ModelEvent[]): Block {
    const index = this.#nextIndex++;
    checkKept({ parts: this.#nextIndex });
    const block: Block = {
      index,
      type: part.type,
      chars: 0,
      wrapped: undefined,
      citations: [],
      closed: false,
    };
    item.blocks.set(place, block);
    out.push({ type: 'open', index, part });
    return block;
  }

  #tell(block: Block, text: string, out: ModelEvent[]): void {
    if (block.closed) return;
    block.chars += text.length;
    out.push({ type: 'delta', index: block.index, text });
  }

  #closeAll(item: Item, opaque: Opaque | undefined, out: ModelEvent[]): void {
    for (const block of item.blocks.values()) this.#close(block, opaque, out);
  }

  #close(block: Block, opaque: Opaque | undefined, out: ModelEvent[]): void {
    if (block.closed) return;
    const text = block.wrapped === undefined ? '' : (unwrapped(block.wrapped) ?? block.wrapped);
    if (text !== '') this.#tell(block, text, out);
    block.closed = true;
    const { index, citations } = block;
    out.push({
      type: 'close',
      index,
      ...(opaque === undefined ? {} : { opaque }),
      ...(citations.length === 0 ? {} : { citations }),
    });
  }

  #itemOf(event: JsonObject): Item {
    return this.#item(this.#placeOf(event));
  }

  #item(place: number): Item {
    let item = this.#items.get(place);
    if (item === undefined) {
      item = { done: false, blocks: new Map(), told: undefined, summary: 0 };
      this.#items.set(place, item);
      checkKept({ parts: this.#items.size });
    }
    return item;
  }

  #placeOf({ output_index: index, item_id: id, item }: JsonObject): number {
    if (typeof index === 'number') return index;
    const known = typeof id === 'string' ? id : isJsonObject(item) ? item.id : undefined;
    const place = typeof known === 'string' ? this.#places.get(known) : undefined;
    // An event without place and without a known id is about the last item, or a new one.
    return place ?? (isJsonObject(item) ? this.#items.size : Math.max(0, this.#items.size - 1));
  }
}

function numberOr0(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}
