import type {
  Citation,
  FinishReason,
  GatewayError,
  ModelEvent,
  Opaque,
  Part,
  Usage,
} from '@cliproxy/plugin-api';
import type { AnswerContext } from '../codec/answer-context.ts';
import type { StreamEncoder } from '../codec/stream-codec.ts';
import { callSignature } from '../model/call-signature.ts';
import { checkKept } from '../model/kept.ts';
import { errorEvent, failedResponse } from './errors.ts';
import { changingMembers, constantMembers, responseId } from './response-object.ts';
import { EventWriter } from './event-writer.ts';
import { OutputWriter } from './output-writer.ts';

/** Writes a client's stream; see {@link ResponsesStreamEncoder}. */
export function streamEncoder(context: AnswerContext): StreamEncoder {
  return new ResponsesStreamEncoder(context);
}

interface Block {
  readonly part: Part;
  /** What waits for the block's turn. */
  pending: string;
  opaque: Opaque | undefined;
  citations: readonly Citation[] | undefined;
  begun: boolean;
  closed: boolean;
}

/**
 * Writes a stream in the vendor's grammar: one item after another, each told in full when it is
 * done and all of them once more at the end. Blocks that interleave are held back until their turn
 * comes. The final event waits for the end, since usage may come after the finish.
 */
class ResponsesStreamEncoder implements StreamEncoder {
  readonly #context: AnswerContext;
  readonly #events = new EventWriter();
  readonly #output: OutputWriter;
  readonly #blocks = new Map<number, Block>();
  /** The block whose turn it is. */
  #turn: number | undefined;
  #id: string | undefined;
  /** The request's parameters as JSON, for every event that holds a response. */
  #constant = '';
  #usage: Usage | undefined;
  #finish: FinishReason | undefined;
  #ended = false;
  /** Of the texts that are told again when they are done, or wait. */
  #chars = 0;

  constructor(context: AnswerContext) {
    this.#context = context;
    this.#output = new OutputWriter(this.#events, context);
  }

  push(event: ModelEvent): string {
    switch (event.type) {
      case 'start':
        return this.#begin(event.id);
      case 'usage':
        this.#usage = event.usage;
        return '';
      case 'open':
        this.#open(event.index, event.part);
        checkKept({ parts: this.#blocks.size });
        return this.#begin(undefined) + this.#append(event.index, textOf(event.part));
      case 'delta':
        return this.#append(event.index, event.text);
      case 'close': {
        const block = this.#blocks.get(event.index);
        if (block === undefined) return '';
        block.closed = true;
        block.opaque = event.opaque;
        block.citations = event.citations;
        return this.#advance();
      }
      case 'finish': {
        this.#finish = event.reason;
        for (const block of this.#blocks.values()) block.closed = true;
        return (
          this.#begin(undefined) +
          this.#advance() +
          this.#output.settle(event.reason === 'length' ? 'incomplete' : 'completed')
        );
      }
    }
  }

  end(): string {
    if (this.#finish === undefined || this.#ended) return '';
    this.#ended = true;
    const isWhole =
      this.#finish !== 'length' && !(this.#finish === 'refusal' && !this.#output.holdsRefusal);
    return this.#response(isWhole ? 'response.completed' : 'response.incomplete', {
      finish: this.#finish,
      holdsRefusal: this.#output.holdsRefusal,
      usage: this.#usage,
    });
  }

  failure(error: GatewayError, requestId: string): string {
    if (this.#id === undefined) return errorEvent(this.#events, error, requestId);
    const failed = failedResponse(error, requestId);
    return this.#response('response.failed', { error: failed, usage: this.#usage });
  }

  #begin(upstreamId: string | undefined): string {
    if (this.#id !== undefined) return '';
    this.#id = responseId(upstreamId, this.#context);
    this.#constant = JSON.stringify(constantMembers(this.#context)).slice(1);
    return this.#response('response.created', {}) + this.#response('response.in_progress', {});
  }

  #open(index: number, part: Part): void {
    const signature = part.type === 'tool-call' ? callSignature(part) : undefined;
    if (signature !== undefined) {
      // A block of its own before the call. Indexes of events are never negative.
      this.#blocks.set(-1 - index, newBlock(signature, true));
    }
    this.#blocks.set(index, newBlock(part, false));
  }

  #append(index: number, text: string): string {
    if (text !== '') {
      this.#chars += text.length;
      checkKept({ chars: this.#chars });
      if (index === this.#turn) return this.#output.delta(text);
      const block = this.#blocks.get(index);
      if (block !== undefined && !block.closed) block.pending += text;
    }
    return this.#advance();
  }

  /** Writes what the block whose turn it is may tell, and goes on to those after it. */
  #advance(): string {
    let out = '';
    for (const [index, block] of this.#blocks) {
      const { part, pending, closed, opaque } = block;
      if (!block.begun && hasContent(block)) {
        block.begun = true;
        out += this.#output.begin(part, closed ? opaque : undefined);
        if (!closed) this.#turn = index;
      }
      if (block.begun && pending !== '') {
        block.pending = '';
        out += this.#output.delta(pending);
      }
      if (!closed) break;
      if (block.begun) out += this.#output.close(opaque, block.citations);
      this.#turn = undefined;
      this.#blocks.delete(index);
    }
    return out;
  }

  #response(type: string, state: Omit<Parameters<typeof changingMembers>[0], 'id'>): string {
    const members = changingMembers({ id: this.#id ?? '', ...state }, this.#context);
    const response = `${JSON.stringify(members).slice(0, -1)},"output":[${this.#output.items.join(',')}],${this.#constant}`;
    return this.#events.event(type, `"response":${response}`);
  }
}

function newBlock(part: Part, closed: boolean): Block {
  return { part, pending: '', opaque: undefined, citations: undefined, begun: false, closed };
}

/** What a part holds at once. An empty object is only known to be all arguments at the end. */
function textOf(part: Part): string {
  switch (part.type) {
    case 'text':
    case 'refusal':
    case 'reasoning':
      return part.text;
    case 'tool-call':
      return part.argumentsJson.replace(/^\s*\{\s*\}\s*$/, '');
    case 'media':
    case 'tool-result':
      return '';
  }
}

/** Whether a block has anything to tell; one that closes without is left out. */
function hasContent({ part, pending, closed, opaque }: Block): boolean {
  switch (part.type) {
    case 'text':
    case 'refusal':
      return pending !== '';
    case 'reasoning':
      return pending !== '' || (closed && (opaque ?? part.opaque) !== undefined);
    case 'tool-call':
      return true;
    case 'media':
      return closed;
    case 'tool-result':
      return false;
  }
}
