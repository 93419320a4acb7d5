import { GatewayError } from '@cliproxy/plugin-api';
import type { ModelEvent } from '@cliproxy/plugin-api';
import type { DecodeContext } from '../codec/answer-context.ts';
import type { SseEvent } from '../codec/sse-event.ts';
import type { StreamDecoder } from '../codec/stream-codec.ts';
import { isJsonObject } from '../model/json-object.ts';
import type { JsonObject } from '../model/json-object.ts';
import { badAnswer } from '../codec/bad-answer.ts';
import { throwErrorInside } from '../openai-chat/error-classes.ts';
import { throwFailed } from './errors.ts';
import { ItemBlocks } from './item-blocks.ts';
import { readStatus } from './status.ts';
import { readUsage } from './usage.ts';

/**
 * Reads an upstream's stream. Events of unknown types are passed over. What an event that ends a
 * text, an item or the response tells beyond its deltas is told too: some servers send items only
 * when they are done, or only in the final response, and others send that without its output.
 */
export function streamDecoder(context: DecodeContext): StreamDecoder {
  return new ResponsesStreamDecoder(context);
}

class ResponsesStreamDecoder implements StreamDecoder {
  readonly #blocks: ItemBlocks;
  #started = false;
  #ended = false;

  constructor(context: DecodeContext) {
    this.#blocks = new ItemBlocks(context);
  }

  push({ event, data: text }: SseEvent): readonly ModelEvent[] {
    const data = text.trim();
    if (this.#ended || data === '' || data === '[DONE]') return [];
    const body = parse(data, event === 'error');
    const out: ModelEvent[] = [];
    this.#read(typeof body.type === 'string' ? body.type : event, body, out);
    return out;
  }

  end(): readonly ModelEvent[] {
    if (!this.#ended) throw truncated();
    return [];
  }

  #read(type: string | undefined, body: JsonObject, out: ModelEvent[]): void {
    switch (type) {
      case 'response.created':
      case 'response.queued':
      case 'response.in_progress':
        this.#start(body.response, out);
        return;
      case 'response.completed':
      case 'response.incomplete':
      case 'response.failed':
      case 'response.cancelled':
        this.#end(type, body.response, out);
        return;
      case 'error':
        throwErrorInside(isJsonObject(body.error) ? body : { error: body }, true);
        return;
      case undefined:
        throwErrorInside(body);
        return;
      default:
        this.#start(undefined, out);
        this.#blocks.read(type, body, out);
    }
  }

  #start(response: unknown, out: ModelEvent[]): void {
    if (this.#started) return;
    this.#started = true;
    const id = isJsonObject(response) ? response.id : undefined;
    out.push(typeof id === 'string' && id !== '' ? { type: 'start', id } : { type: 'start' });
  }

  #end(type: string, value: unknown, out: ModelEvent[]): void {
    const response = isJsonObject(value) ? value : {};
    const status = type.slice('response.'.length);
    throwFailed({ error: response.error, status });
    this.#start(response, out);
    this.#blocks.end(response.output, out);
    const usage = readUsage(response.usage);
    if (usage !== undefined) out.push({ type: 'usage', usage });
    const { incomplete_details } = response;
    out.push({
      type: 'finish',
      reason: readStatus({ status, incomplete_details }, this.#blocks.holds),
    });
    this.#ended = true;
  }
}

/** The error of a stream without its final event. */
export function truncated(): GatewayError {
  const message =
    "The upstream's stream ended without response.completed; the answer is incomplete.";
  return new GatewayError('UPSTREAM_TRUNCATED', message, {
    failure: { kind: 'upstream', scope: 'instance', message },
  });
}

function parse(data: string, isErrorEvent: boolean): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch (cause) {
    if (isErrorEvent) return { type: 'error', error: { message: data } };
    throw badAnswer("The upstream's stream holds an event that is no JSON.", cause);
  }
  if (isJsonObject(value)) return value;
  if (isErrorEvent) return { type: 'error', error: { message: data } };
  throw badAnswer("The upstream's stream holds an event that is no JSON object.");
}
