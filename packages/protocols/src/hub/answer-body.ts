import { GatewayError } from '@cliproxy/plugin-api';
import { isJsonObject } from '../model/json-object.ts';
import type { JsonObject } from '../model/json-object.ts';
import { badAnswer } from '../codec/bad-answer.ts';

/** Keeps an answer's bytes, up to a limit. */
export class AnswerBody {
  readonly #maxBytes: number;
  #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** @returns false when the limit is passed: what was kept is let go. */
  push(chunk: Buffer): boolean {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#maxBytes) {
      this.#chunks = [];
      return false;
    }
    this.#chunks.push(chunk);
    return true;
  }

  get complete(): boolean {
    return this.#bytes <= this.#maxBytes;
  }

  take(): Buffer {
    const [first] = this.#chunks;
    const body =
      first !== undefined && this.#chunks.length === 1 ? first : Buffer.concat(this.#chunks);
    this.#chunks = [];
    return body;
  }
}

/** The error of an answer over the limit: another account would say the same. */
export function answerTooLarge(maxBytes: number): GatewayError {
  return new GatewayError(
    'UPSTREAM_TOO_LARGE',
    `The upstream's answer is larger than ${maxBytes} bytes; ask for less, or for a stream.`,
    { failure: { kind: 'upstream', scope: 'request' } },
  );
}

/** @throws GatewayError `UPSTREAM_BAD_ANSWER` */
export function parseAnswer(body: Buffer): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch (cause) {
    const what = body.length === 0 ? 'is empty' : 'is not valid JSON';
    throw badAnswer(`The upstream's answer ${what}.`, cause);
  }
  if (isJsonObject(value)) return value;
  throw badAnswer("The upstream's answer is not a JSON object.");
}
