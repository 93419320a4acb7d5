import type { GatewayError, ModelEvent, Usage } from '@cliproxy/plugin-api';
import type { AnswerContext } from '../codec/answer-context.ts';
import type { StreamEncoder } from '../codec/stream-codec.ts';
import { failureEvent } from './errors.ts';
import { writeFinish } from './finish-reason.ts';
import { writeUsage } from './usage.ts';

/** An id with the form's prefix: the upstream's where there is one. */
export function completionId(upstreamId: string | undefined, context: AnswerContext): string {
  const id = (upstreamId ?? context.id).replace(/^chatcmpl-/, '');
  return id.startsWith('cmpl-') ? id : `cmpl-${id}`;
}

/** Writes a stream of completions: the answer's text, and nothing else of it. */
export class LegacyStreamEncoder implements StreamEncoder {
  readonly #context: AnswerContext;
  readonly #texts = new Set<number>();
  #echoed: string;
  #head = '';
  #usage: Usage | undefined;

  /** @param echoed - stands before the answer. */
  constructor(context: AnswerContext, echoed: string) {
    this.#context = context;
    this.#echoed = echoed;
  }

  push(event: ModelEvent): string {
    if (event.type === 'start') return this.#start(event.id);
    return this.#start(undefined) + this.#write(event);
  }

  end(): string {
    const usage =
      this.#context.includeUsage && this.#usage !== undefined
        ? `${this.#head}[],"usage":${JSON.stringify(writeUsage(this.#usage))}}\n\n`
        : '';
    return `${usage}data: [DONE]\n\n`;
  }

  failure(error: GatewayError, requestId: string): string {
    return failureEvent(error, requestId);
  }

  #start(upstreamId: string | undefined): string {
    if (this.#head !== '') return '';
    const { createdS, model } = this.#context;
    const id = JSON.stringify(completionId(upstreamId, this.#context));
    this.#head = `data: {"id":${id},"object":"text_completion","created":${createdS},"model":${JSON.stringify(model)},"choices":`;
    const echoed = this.#chunk(this.#echoed);
    this.#echoed = '';
    return echoed;
  }

  #write(event: Exclude<ModelEvent, { readonly type: 'start' }>): string {
    switch (event.type) {
      case 'open':
        if (event.part.type !== 'text' && event.part.type !== 'refusal') return '';
        this.#texts.add(event.index);
        return this.#chunk(event.part.text);
      case 'delta':
        return this.#texts.has(event.index) ? this.#chunk(event.text) : '';
      case 'close':
        this.#texts.delete(event.index);
        return '';
      case 'usage':
        this.#usage = event.usage;
        return '';
      case 'finish':
        return this.#choice('', writeFinish(event.reason, false));
    }
  }

  #chunk(text: string): string {
    return text === '' ? '' : this.#choice(text, null);
  }

  #choice(text: string, finish: string | null): string {
    const usage = this.#context.includeUsage ? ',"usage":null' : '';
    return `${this.#head}[{"text":${JSON.stringify(text)},"index":0,"logprobs":null,"finish_reason":${JSON.stringify(finish)}}]${usage}}\n\n`;
  }
}
