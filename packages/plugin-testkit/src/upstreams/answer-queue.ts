import type { VendorAnswer, VendorMessage } from './vendor-answer.ts';
import type { Route } from './vendor-api.ts';

const DEFAULT: VendorMessage = { parts: [{ type: 'text', text: 'Hello there.' }] };

/** The answers that were scripted, one after another; the last one stays. */
export class AnswerQueue {
  #answers: VendorAnswer[] = [DEFAULT];

  script(answers: readonly VendorAnswer[]): void {
    this.#answers = answers.length === 0 ? [DEFAULT] : [...answers];
  }

  /** The next one where it fits, else the default, and the next one waits. */
  next(operation: Route['operation']): VendorAnswer {
    const [first = DEFAULT] = this.#answers;
    if (!fits(first, operation)) return DEFAULT;
    if (this.#answers.length > 1) this.#answers.shift();
    return first;
  }
}

function fits(answer: VendorAnswer, operation: Route['operation']): boolean {
  if ('error' in answer) return true;
  if ('tokens' in answer) return operation === 'count';
  if ('vectors' in answer) return operation === 'embed';
  return operation === 'generate';
}
