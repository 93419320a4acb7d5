import type { Citation, ModelEvent, Opaque, Part, ToolCallPart, Usage } from '@cliproxy/plugin-api';
import type { AnswerContext } from '../codec/answer-context.ts';
import type { StreamEncoder } from '../codec/stream-codec.ts';
import type { JsonObject } from '../model/json-object.ts';
import { checkKept } from '../model/kept.ts';
import { tagOpaque } from '../model/opaque-tag.ts';
import { chatAnnotations } from './annotations.ts';
import { failureEvent } from './errors.ts';
import { writeFinish } from './finish-reason.ts';
import { writeCallSignature, writeDetail } from './reasoning-details.ts';
import { chatId, writeImage } from './response.ts';
import { writeUsage } from './usage.ts';

/** Writes a client's stream; see {@link ChatStreamEncoder}. */
export function streamEncoder(context: AnswerContext): StreamEncoder {
  return new ChatStreamEncoder(context);
}

interface Block {
  readonly part: Part;
  /** Place among the calls, for calls. */
  readonly call: number;
  /** All reasoning so far: it is told again beside its signature, which signs exactly this. */
  text: string;
  empty: boolean;
  /** Where a text begins in `content`. */
  readonly begin: number;
}

/**
 * Calls are numbered from 0 among themselves, whatever blocks stand between them. What is the same
 * in every chunk is written once per stream; per delta, only the text is turned into JSON.
 */
class ChatStreamEncoder implements StreamEncoder {
  readonly #context: AnswerContext;
  readonly #blocks = new Map<number, Block>();
  #head = '';
  #content = '';
  #reasoning = '';
  #refusal = '';
  #tail = '';
  #contentTail = '';
  #calls = 0;
  /** Of `content` so far. */
  #contentChars = 0;
  #details = 0;
  #reasoningChars = 0;
  #usage: Usage | undefined;

  constructor(context: AnswerContext) {
    this.#context = context;
  }

  push(event: ModelEvent): string {
    if (event.type === 'start') return this.#start(event.id);
    const begin = this.#head === '' ? this.#start(undefined) : '';
    return begin + this.#write(event);
  }

  end(): string {
    const usage =
      this.#context.includeUsage && this.#usage !== undefined
        ? `${this.#head.slice(0, this.#head.indexOf('"choices":'))}"choices":[],"usage":${JSON.stringify(writeUsage(this.#usage))}}\n\n`
        : '';
    return `${usage}data: [DONE]\n\n`;
  }

  failure(error: Parameters<StreamEncoder['failure']>[0], requestId: string): string {
    return failureEvent(error, requestId);
  }

  #start(upstreamId: string | undefined): string {
    if (this.#head !== '') return '';
    const { createdS, model, includeUsage } = this.#context;
    const id = JSON.stringify(chatId(upstreamId, this.#context));
    this.#head = `data: {"id":${id},"object":"chat.completion.chunk","created":${createdS},"model":${JSON.stringify(model)},"choices":[{"index":0,"delta":`;
    this.#tail = `,"logprobs":null,"finish_reason":null}]${includeUsage ? ',"usage":null' : ''}}\n\n`;
    this.#content = `${this.#head}{"content":`;
    this.#reasoning = `${this.#head}{"reasoning_content":`;
    this.#refusal = `${this.#head}{"refusal":`;
    this.#contentTail = `}${this.#tail}`;
    return this.#chunk({ role: 'assistant', content: '', refusal: null });
  }

  #write(event: Exclude<ModelEvent, { readonly type: 'start' }>): string {
    switch (event.type) {
      case 'open':
        return this.#open(event.index, event.part);
      case 'delta': {
        const block = this.#blocks.get(event.index);
        return block === undefined ? '' : this.#delta(block, event.text);
      }
      case 'close': {
        const block = this.#blocks.get(event.index);
        this.#blocks.delete(event.index);
        return block === undefined ? '' : this.#close(block, event.opaque, event.citations);
      }
      case 'usage':
        this.#usage = event.usage;
        return '';
      case 'finish': {
        const word = writeFinish(event.reason, this.#calls > 0);
        return `${this.#head}{}${this.#tail.replace('"finish_reason":null', `"finish_reason":"${word}"`)}`;
      }
    }
  }

  #open(index: number, part: Part): string {
    const block: Block = {
      part,
      call: this.#calls,
      text: '',
      empty: true,
      begin: this.#contentChars,
    };
    this.#blocks.set(index, block);
    switch (part.type) {
      case 'text':
      case 'refusal':
      case 'reasoning':
        return this.#delta(block, part.text);
      case 'tool-call':
        this.#calls += 1;
        // An empty object is only known to be the whole of the arguments at the end.
        return (
          this.#call(block, part) +
          this.#delta(block, part.argumentsJson.replace(/^\s*\{\s*\}\s*$/, ''))
        );
      case 'media': {
        const image = writeImage(part);
        return image === undefined ? '' : this.#chunk({ images: [image] });
      }
      case 'tool-result':
        return '';
    }
  }

  #delta(block: Block, text: string): string {
    if (text === '') return '';
    block.empty = false;
    switch (block.part.type) {
      case 'text':
        this.#contentChars += text.length;
        return this.#content + JSON.stringify(text) + this.#contentTail;
      case 'reasoning':
        block.text += text;
        this.#reasoningChars += text.length;
        checkKept({ chars: this.#reasoningChars });
        return this.#reasoning + JSON.stringify(text) + this.#contentTail;
      case 'refusal':
        return this.#refusal + JSON.stringify(text) + this.#contentTail;
      case 'tool-call': {
        const spec =
          block.part.kind === 'custom' ? '"custom":{"input":' : '"function":{"arguments":';
        return `${this.#head}{"tool_calls":[{"index":${block.call},${spec}${JSON.stringify(text)}}}]}${this.#tail}`;
      }
      case 'media':
      case 'tool-result':
        return '';
    }
  }

  /** With its signature, where that is known at once: clients look for it there alone. */
  #call({ call }: Block, { id, name, kind, opaque }: ToolCallPart): string {
    const spec =
      kind === 'custom'
        ? { type: 'custom', custom: { name, input: '' } }
        : { type: 'function', function: { name, arguments: '' } };
    const signed = opaque === undefined ? {} : writeCallSignature(this.#tagged(opaque));
    return this.#chunk({ tool_calls: [{ index: call, id, ...spec, ...signed }] });
  }

  #close(
    block: Block,
    closing: Opaque | undefined,
    citations: readonly Citation[] | undefined,
  ): string {
    const { part } = block;
    if (part.type === 'text' && citations !== undefined) {
      return this.#chunk({ annotations: chatAnnotations(citations, block.begin) });
    }
    if (part.type !== 'reasoning' && part.type !== 'tool-call') return '';
    const isEmptyCall = part.type === 'tool-call' && part.kind !== 'custom' && block.empty;
    const rest = isEmptyCall ? this.#delta(block, '{}') : '';
    if (part.type === 'tool-call') {
      if (closing === undefined) return rest;
      // Some clients take no piece of a call without the member of its kind.
      const spec =
        part.kind === 'custom' ? { custom: { input: '' } } : { function: { arguments: '' } };
      const signed = writeCallSignature(this.#tagged(closing));
      return rest + this.#chunk({ tool_calls: [{ index: block.call, ...spec, ...signed }] });
    }
    const opaque = closing ?? part.opaque;
    if (opaque === undefined) return rest;
    const detail = writeDetail(block.text, this.#tagged(opaque), this.#details++);
    return rest + this.#chunk({ reasoning_details: [detail] });
  }

  #tagged(opaque: Opaque): string {
    return tagOpaque(opaque, this.#context.upstream === 'openai-chat' ? 'openai-chat' : undefined);
  }

  #chunk(delta: JsonObject): string {
    return this.#head + JSON.stringify(delta) + this.#tail;
  }
}
