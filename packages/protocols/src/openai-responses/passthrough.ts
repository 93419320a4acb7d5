import type { FinishReason, GatewayError, Usage } from '@cliproxy/plugin-api';
import type { FrameTap, PassthroughCodec } from '../codec/passthrough-codec.ts';
import { dataOf, eventName } from '../codec/frame-data.ts';
import { isJsonObject } from '../model/json-object.ts';
import type { JsonObject } from '../model/json-object.ts';
import { badAnswer } from '../codec/bad-answer.ts';
import { throwErrorInside } from '../openai-chat/error-classes.ts';
import { errorEvent, failedResponse, throwFailed } from './errors.ts';
import { EventWriter } from './event-writer.ts';
import { readStatus } from './status.ts';
import { truncated } from './stream-decode.ts';
import { readUsage } from './usage.ts';

/** What passthrough has to know of the dialect. */
export const passthrough: PassthroughCodec = {
  tap: () => new ResponsesFrameTap(),
  inspect(body) {
    throwFailed(body);
    throwErrorInside(body);
    // A count of tokens has no output.
    if (!Array.isArray(body.output) && typeof body.input_tokens !== 'number') {
      throw badAnswer("The upstream's answer has no `output`.");
    }
    const usage = readUsage(body.usage);
    const isEnded = body.status === 'completed' || body.status === 'incomplete';
    return {
      ...(usage === undefined ? {} : { usage }),
      ...(isEnded ? { finish: finishOf(body, false) } : {}),
    };
  },
  modelPaths: [['model'], ['response', 'model']],
};

function finishOf(response: JsonObject, calls: boolean): FinishReason {
  const output = Array.isArray(response.output) ? response.output.filter(isJsonObject) : [];
  return readStatus(response, {
    calls:
      calls || output.some(({ type }) => type === 'function_call' || type === 'custom_tool_call'),
    refusal: output.some(
      ({ content }) =>
        Array.isArray(content) &&
        content.some((part) => isJsonObject(part) && part.type === 'refusal'),
    ),
  });
}

/** The events that end a stream, or begin it; only these are parsed. */
const ENDS: readonly (string | undefined)[] = [
  'response.completed',
  'response.incomplete',
  'response.failed',
  'response.cancelled',
  'error',
];

/** Watches frames by the name of their event. */
class ResponsesFrameTap implements FrameTap {
  usage: Usage | undefined;
  finish: FinishReason | undefined;
  #calls = false;
  /** The frame that began the response, and the last one. */
  #first: Buffer | undefined;
  #last: Buffer | undefined;

  see(frame: Buffer): boolean {
    const named = eventName(frame);
    if (named?.endsWith('.delta') === true) {
      this.#last = frame;
      return true;
    }
    const parsed = named === undefined ? objectOf(frame) : undefined;
    if (parsed !== undefined && parsed.type === undefined) {
      // A comment, `[DONE]`, or an error in the shape of an answer.
      throwErrorInside(parsed);
      return false;
    }
    const type = named ?? String(parsed?.type);
    const isEnd = ENDS.includes(type);
    // One that tells a failure is not passed on: the number after it is the next to be told.
    if (isEnd) this.#end(type, parsed ?? objectOf(frame));
    this.#last = frame;
    if (isEnd) return true;
    if (type === 'response.created') this.#first = frame;
    if (type === 'response.output_item.added') {
      const isCall = CALLS.some((word) => frame.includes(word));
      this.#calls ||= isCall;
      return isCall;
    }
    return type.endsWith('.delta') || type === 'response.output_item.done';
  }

  end(): void {
    if (this.finish === undefined) throw truncated();
  }

  failure(error: GatewayError, requestId: string): string {
    const number = NUMBER.exec(this.#last?.toString('latin1') ?? '')?.[1];
    const events = new EventWriter(number === undefined ? 0 : Number(number) + 1);
    const begun = this.#first === undefined ? undefined : objectOf(this.#first).response;
    if (!isJsonObject(begun)) return errorEvent(events, error, requestId);
    const failed = failedResponse(error, requestId);
    const response = JSON.stringify({ ...begun, status: 'failed', error: failed });
    return events.event('response.failed', `"response":${response}`);
  }

  #end(type: string, event: JsonObject): void {
    if (type === 'error') {
      throwErrorInside(isJsonObject(event.error) ? event : { error: event }, true);
    }
    const response = isJsonObject(event.response) ? event.response : {};
    const status = type.slice('response.'.length);
    throwFailed({ error: response.error, status });
    this.usage = readUsage(response.usage) ?? this.usage;
    this.finish = finishOf({ ...response, status }, this.#calls);
  }
}

const CALLS = ['"function_call"', '"custom_tool_call"'] as const;
const NUMBER = /"sequence_number": ?(\d+)/;

function objectOf(frame: Buffer): JsonObject {
  const { json } = dataOf(frame);
  return isJsonObject(json) ? json : {};
}
