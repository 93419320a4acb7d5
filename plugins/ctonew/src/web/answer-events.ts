import { GatewayError } from '@cliproxy/plugin-api';
import type { ModelEvent, Usage } from '@cliproxy/plugin-api';
import type { Frame } from './frame.ts';
import { GrowingText } from './growing-text.ts';

type Kind = 'text' | 'reasoning';

/** Turns the messages of one answer into events. */
export class AnswerEvents {
  /** True once the answer is complete. */
  finished = false;
  readonly #prompt: string;
  readonly #texts: Readonly<Record<Kind, GrowingText>> = {
    text: new GrowingText(),
    reasoning: new GrowingText(),
  };
  readonly #chars: Record<Kind, number> = { text: 0, reasoning: 0 };
  #index = -1;
  #open: Kind | undefined;
  /** Whether the upstream has set to work on it. */
  #working = false;

  /** @param prompt - what was asked, to estimate its tokens: the upstream counts none. */
  constructor(prompt: string) {
    this.#prompt = prompt;
  }

  /** Whether any of it has come. */
  get begun(): boolean {
    return this.#index >= 0;
  }

  /** @throws GatewayError `UPSTREAM_TRUNCATED` where the answer was cancelled. */
  *push(frame: Frame): Generator<ModelEvent> {
    if (frame.type === 'text' || frame.type === 'reasoning') yield* this.#say(frame);
    else if (frame.type === 'state') yield* this.#state(frame);
  }

  *#say({
    type,
    content,
  }: {
    readonly type: Kind;
    readonly content: string;
  }): Generator<ModelEvent> {
    this.#working = true;
    const text = this.#texts[type].push(content);
    if (text === '') return;
    if (this.#open !== type) {
      yield* this.#close();
      this.#index += 1;
      this.#open = type;
      yield { type: 'open', index: this.#index, part: { type, text: '' } };
    }
    this.#chars[type] += text.length;
    yield { type: 'delta', index: this.#index, text };
  }

  *#state({ inProgress, cancelled }: Extract<Frame, { type: 'state' }>): Generator<ModelEvent> {
    if (inProgress) this.#working = true;
    // Before its work begins, it is not in progress either.
    if (inProgress || !this.#working) return;
    if (cancelled) throw truncated('cto.new cancelled the answer');
    yield* this.#close();
    yield { type: 'usage', usage: this.#usage() };
    yield { type: 'finish', reason: 'stop' };
    this.finished = true;
  }

  *#close(): Generator<ModelEvent> {
    if (this.#open !== undefined) yield { type: 'close', index: this.#index };
    this.#open = undefined;
  }

  #usage(): Usage {
    const { text, reasoning } = this.#chars;
    return {
      inputTokens: tokens(this.#prompt.length),
      outputTokens: tokens(text + reasoning),
      ...(reasoning > 0 && { reasoningTokens: tokens(reasoning) }),
      estimated: true,
    };
  }
}

/** An answer that ended before it was complete. */
export function truncated(message: string): GatewayError {
  return new GatewayError('UPSTREAM_TRUNCATED', message, {
    failure: { kind: 'network', scope: 'account', message },
  });
}

/** About four characters each. */
function tokens(chars: number): number {
  return Math.ceil(chars / 4);
}
