import type {
  Citation,
  MediaPart,
  Opaque,
  Part,
  ReasoningPart,
  TextPart,
  ToolCallPart,
} from '@cliproxy/plugin-api';
import type { AnswerContext } from '../codec/answer-context.ts';
import type { JsonObject } from '../model/json-object.ts';
import { eventHead } from './event-writer.ts';
import type { EventWriter } from './event-writer.ts';
import {
  annotation,
  callItem,
  contentPart,
  imageItem,
  itemId,
  messageItem,
  reasoningItem,
} from './output-items.ts';
import type { ItemPrefix, ItemStatus } from './output-items.ts';

/** The item that is being told. Texts that follow one another are parts of one message. */
type OpenItem =
  | { readonly type: 'message'; readonly id: string; readonly content: JsonObject[] }
  | { readonly type: 'call'; readonly id: string; readonly part: ToolCallPart }
  | { readonly type: 'reasoning'; readonly id: string; readonly opaque: Opaque | undefined };

const DELTAS = {
  text: eventHead('response.output_text.delta'),
  refusal: eventHead('response.refusal.delta'),
  reasoning: eventHead('response.reasoning_summary_text.delta'),
  function: eventHead('response.function_call_arguments.delta'),
  custom: eventHead('response.custom_tool_call_input.delta'),
} as const;

/**
 * Writes the items of an answer, one after another. What is the same in all deltas of a block is
 * written once; per delta, only its text is turned into JSON.
 *
 * An item of which nothing more comes is told as done when the next begins or the answer ends: only
 * then is known whether it was cut short.
 */
export class OutputWriter {
  readonly #events: EventWriter;
  readonly #context: AnswerContext;
  /** The items that are done, as JSON. */
  readonly items: string[] = [];
  #open: OpenItem | undefined;
  #part: Part | undefined;
  #text = '';
  #deltaHead = '';
  #deltaMembers = '';
  #deltaTail = '';
  /** Members that place an event: the item, and the part of it. */
  #place = '';
  #holdsRefusal = false;

  constructor(events: EventWriter, context: AnswerContext) {
    this.#events = events;
    this.#context = context;
  }

  get holdsRefusal(): boolean {
    return this.#holdsRefusal;
  }

  /**
   * Begins a block.
   *
   * @param opaque - where it is known from the beginning.
   */
  begin(part: Part, opaque: Opaque | undefined): string {
    this.#part = part;
    this.#text = '';
    switch (part.type) {
      case 'text':
      case 'refusal':
        return this.#beginText(part);
      case 'reasoning':
        return this.#beginReasoning(part, opaque ?? part.opaque);
      case 'tool-call':
        return this.#beginCall(part);
      case 'media':
        return this.#image(part);
      case 'tool-result':
        return '';
    }
  }

  delta(text: string): string {
    if (this.#text === '' && this.#open?.type === 'reasoning') {
      const before = this.#events.event(
        'response.reasoning_summary_part.added',
        `${this.#place},"part":{"type":"summary_text","text":""}`,
      );
      this.#text = text;
      return before + this.#delta(text);
    }
    this.#text += text;
    return this.#delta(text);
  }

  /** Ends the block that was begun last. */
  close(opaque: Opaque | undefined, citations?: readonly Citation[]): string {
    const part = this.#part;
    switch (part?.type) {
      case 'text':
      case 'refusal':
        return this.#closeText(part.type, citations);
      case 'reasoning':
        return this.#closeReasoning(opaque ?? part.opaque);
      case 'tool-call':
        return this.#closeCall(part);
      default:
        return '';
    }
  }

  /** Tells the item that is open as done. */
  settle(status: ItemStatus): string {
    const item = this.#open;
    this.#open = undefined;
    switch (item?.type) {
      case 'message':
        return this.#done(messageItem(item.id, status, item.content));
      case 'call':
        return this.#done(callItem(item.id, status, item.part, this.#context));
      default:
        return '';
    }
  }

  #delta(text: string): string {
    return this.#events.prepared(
      this.#deltaHead,
      this.#deltaMembers + JSON.stringify(text) + this.#deltaTail,
    );
  }

  #beginText({ type }: TextPart): string {
    let out = '';
    let message = this.#open?.type === 'message' ? this.#open : undefined;
    if (message === undefined) {
      out = this.settle('completed');
      message = { type: 'message', id: this.#newId('msg'), content: [] };
      this.#open = message;
      out += this.#added(messageItem(message.id, 'in_progress', []));
    }
    this.#holdsRefusal ||= type === 'refusal';
    this.#placeAt(message.id, `"content_index":${message.content.length}`);
    this.#deltas(DELTAS[type], type === 'text' ? ',"logprobs":[]' : '');
    const part = JSON.stringify(contentPart(type, ''));
    return out + this.#events.event('response.content_part.added', `${this.#place},"part":${part}`);
  }

  #closeText(type: TextPart['type'], citations: readonly Citation[] = []): string {
    if (this.#open?.type !== 'message') return '';
    const content = contentPart(type, this.#text, citations);
    this.#open.content.push(content);
    const cited = citations.map((citation, i) =>
      this.#events.event(
        'response.output_text.annotation.added',
        `${this.#place},"annotation_index":${i},"annotation":${JSON.stringify(annotation(citation))}`,
      ),
    );
    const text = JSON.stringify(this.#text);
    const done =
      type === 'text'
        ? this.#events.event(
            'response.output_text.done',
            `${this.#place},"text":${text},"logprobs":[]`,
          )
        : this.#events.event('response.refusal.done', `${this.#place},"refusal":${text}`);
    const part = JSON.stringify(content);
    return (
      cited.join('') +
      done +
      this.#events.event('response.content_part.done', `${this.#place},"part":${part}`)
    );
  }

  #beginReasoning(part: ReasoningPart, opaque: Opaque | undefined): string {
    const before = this.settle('completed');
    const item = reasoningItem({ given: this.#newId('rs') }, '', opaque, this.#context);
    const id = String(item.id);
    this.#open = { type: 'reasoning', id, opaque };
    this.#placeAt(id, '"summary_index":0');
    this.#deltas(DELTAS.reasoning, '');
    return before + this.#added({ id, type: part.type, summary: [] });
  }

  #closeReasoning(opaque: Opaque | undefined): string {
    if (this.#open?.type !== 'reasoning') return '';
    const { id } = this.#open;
    this.#open = undefined;
    let out = '';
    if (this.#text !== '') {
      const text = JSON.stringify(this.#text);
      out = this.#events.event(
        'response.reasoning_summary_text.done',
        `${this.#place},"text":${text}`,
      );
      out += this.#events.event(
        'response.reasoning_summary_part.done',
        `${this.#place},"part":{"type":"summary_text","text":${text}}`,
      );
    }
    return out + this.#done(reasoningItem({ told: id }, this.#text, opaque, this.#context));
  }

  #beginCall(part: ToolCallPart): string {
    const before = this.settle('completed');
    const isCustom = part.kind === 'custom';
    const id = this.#newId(isCustom ? 'ctc' : 'fc');
    this.#open = { type: 'call', id, part };
    this.#placeAt(id, undefined);
    this.#deltas(isCustom ? DELTAS.custom : DELTAS.function, '');
    const item = callItem(id, 'in_progress', bareCall(part), this.#context);
    return before + this.#added(item);
  }

  #closeCall(part: ToolCallPart): string {
    if (this.#open?.type !== 'call') return '';
    const isCustom = part.kind === 'custom';
    const isEmpty = !isCustom && this.#text.trim() === '';
    const out = isEmpty ? this.#delta('{}') : '';
    const argumentsJson = isEmpty ? '{}' : this.#text;
    const { id } = this.#open;
    this.#open = { type: 'call', id, part: { ...part, argumentsJson } };
    const text = JSON.stringify(argumentsJson);
    return (
      out +
      (isCustom
        ? this.#events.event(
            'response.custom_tool_call_input.done',
            `${this.#place},"input":${text}`,
          )
        : this.#events.event(
            'response.function_call_arguments.done',
            `${this.#place},"arguments":${text}`,
          ))
    );
  }

  #image(part: MediaPart): string {
    if (imageItem('', part) === undefined) return '';
    const before = this.settle('completed');
    const item = imageItem(this.#newId('ig'), part) ?? {};
    const begun = this.#added({ ...item, status: 'in_progress', result: null });
    return before + begun + this.#done(item);
  }

  /** Only right when no item is open. */
  #newId(prefix: ItemPrefix): string {
    return itemId(prefix, this.items.length, this.#context);
  }

  #added(item: JsonObject): string {
    const json = JSON.stringify(item);
    return this.#events.event(
      'response.output_item.added',
      `"output_index":${this.items.length},"item":${json}`,
    );
  }

  #done(item: JsonObject): string {
    const json = JSON.stringify(item);
    const index = this.items.length;
    this.items.push(json);
    this.#context.keep?.(String(item.id), json);
    return this.#events.event(
      'response.output_item.done',
      `"output_index":${index},"item":${json}`,
    );
  }

  #placeAt(id: string, within: string | undefined): void {
    const item = `"item_id":${JSON.stringify(id)},"output_index":${this.items.length}`;
    this.#place = within === undefined ? item : `${item},${within}`;
  }

  #deltas(head: string, tail: string): void {
    this.#deltaHead = head;
    this.#deltaMembers = `${this.#place},"delta":`;
    this.#deltaTail = tail;
  }
}

/** A call of which no more is told yet than that it is one. */
function bareCall({ kind, id, name }: ToolCallPart): ToolCallPart {
  const call = { type: 'tool-call', id, name, argumentsJson: '' } as const;
  return kind === undefined ? call : { ...call, kind };
}
