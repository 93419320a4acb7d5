import type { FinishReason, ModelEvent, Part, Usage } from '@cliproxy/plugin-api';
import type { AnswerContext } from '../codec/answer-context.ts';
import type { StreamEncoder } from '../codec/stream-codec.ts';
import type { JsonObject } from '../model/json-object.ts';
import { checkKept } from '../model/kept.ts';
import { errorBody } from './errors.ts';
import { writeFinish } from './finish-reason.ts';
import { nativeOf, writePart } from './response.ts';
import { writeUsage } from './usage.ts';

/** Writes a client's stream; see {@link GeminiStreamEncoder}. */
export function streamEncoder(context: AnswerContext): StreamEncoder {
  return new GeminiStreamEncoder(context);
}

interface Block {
  readonly part: Part;
  /** Not told yet: arguments, since a call is told whole, and the last piece of a thought. */
  kept: string;
}

/**
 * Each chunk is a response of its own. What is the same in all of them is written once per stream;
 * per delta, only the text is turned into JSON. The last chunk waits for the end, since usage may
 * come after the finish.
 */
class GeminiStreamEncoder implements StreamEncoder {
  readonly #context: AnswerContext;
  readonly #blocks = new Map<number, Block>();
  #tail = '';
  #keptChars = 0;
  #usage: Usage | undefined;
  #finish: FinishReason | undefined;

  constructor(context: AnswerContext) {
    this.#context = context;
  }

  push(event: ModelEvent): string {
    switch (event.type) {
      case 'start':
        this.#begin(event.id);
        return '';
      case 'open':
        return this.#open(event.index, event.part);
      case 'delta': {
        const block = this.#blocks.get(event.index);
        return block === undefined ? '' : this.#delta(block, event.text);
      }
      case 'close': {
        const block = this.#blocks.get(event.index);
        this.#blocks.delete(event.index);
        return block === undefined ? '' : this.#close(block, event);
      }
      case 'usage':
        this.#usage = event.usage;
        return '';
      case 'finish': {
        this.#finish = event.reason;
        const left = [...this.#blocks.values()].map((block) => this.#close(block, {}));
        this.#blocks.clear();
        return left.join('');
      }
    }
  }

  end(): string {
    if (this.#finish === undefined) return '';
    this.#begin(undefined);
    const usage =
      this.#usage === undefined
        ? ''
        : `"usageMetadata":${JSON.stringify(writeUsage(this.#usage))},`;
    const finish = `"finishReason":"${writeFinish(this.#finish)}","index":0`;
    return `${HEAD}{"text":""}],"role":"model"},${finish}}],${usage}${this.#tail}`;
  }

  failure(error: Parameters<StreamEncoder['failure']>[0], requestId: string): string {
    return `data: ${JSON.stringify(errorBody(error, requestId))}\n\n`;
  }

  #begin(id: string | undefined): void {
    if (this.#tail !== '') return;
    const { model } = this.#context;
    this.#tail = `"modelVersion":${JSON.stringify(model)},"responseId":${JSON.stringify(id ?? this.#context.id)}}\n\n`;
  }

  #open(index: number, part: Part): string {
    const isCall = part.type === 'tool-call';
    const block: Block = { part, kept: isCall ? part.argumentsJson : '' };
    this.#blocks.set(index, block);
    checkKept({ parts: this.#blocks.size });
    switch (part.type) {
      case 'text':
      case 'refusal':
      case 'reasoning':
        return this.#delta(block, part.text);
      case 'media':
        return this.#chunk(writePart(part, undefined));
      case 'tool-call':
      case 'tool-result':
        return '';
    }
  }

  #delta(block: Block, text: string): string {
    if (text === '') return '';
    switch (block.part.type) {
      case 'text':
      case 'refusal':
        return this.#framed(`{"text":${JSON.stringify(text)}}`);
      case 'reasoning': {
        // Its signature comes with its end, and clients read none on a part without text.
        const told = block.kept;
        block.kept = text;
        return told === '' ? '' : this.#framed(`{"text":${JSON.stringify(told)},"thought":true}`);
      }
      case 'tool-call':
        this.#keptChars += text.length;
        checkKept({ chars: this.#keptChars });
        block.kept += text;
        return '';
      case 'media':
      case 'tool-result':
        return '';
    }
  }

  #close({ part, kept }: Block, closing: Pick<ModelEvent & { type: 'close' }, 'opaque'>): string {
    if (part.type !== 'tool-call' && part.type !== 'reasoning') return '';
    const opaque = closing.opaque ?? part.opaque;
    const signed = opaque === undefined ? {} : { opaque };
    const native = nativeOf(this.#context);
    if (part.type === 'tool-call') {
      this.#keptChars -= kept.length;
      return this.#chunk(writePart({ ...part, argumentsJson: kept, ...signed }, native));
    }
    return this.#chunk(writePart({ type: 'reasoning', text: kept, ...signed }, native));
  }

  #chunk(part: JsonObject | undefined): string {
    return part === undefined ? '' : this.#framed(JSON.stringify(part));
  }

  #framed(part: string): string {
    if (this.#tail === '') this.#begin(undefined);
    return HEAD + part + MIDDLE + this.#tail;
  }
}

const HEAD = 'data: {"candidates":[{"content":{"parts":[';
const MIDDLE = '],"role":"model"},"index":0}],';
