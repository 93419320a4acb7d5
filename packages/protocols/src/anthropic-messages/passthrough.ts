import type { FinishReason, Usage } from '@cliproxy/plugin-api';
import type { FrameTap, PassthroughCodec } from '../codec/passthrough-codec.ts';
import { errorInside } from '../codec/error-inside.ts';
import { dataOf, eventName } from '../codec/frame-data.ts';
import { isJsonObject } from '../model/json-object.ts';
import type { JsonObject } from '../model/json-object.ts';
import { classify, truncated } from './error-classes.ts';
import { contentOf } from './response.ts';
import { readStopReason } from './stop-reason.ts';
import { UsageCounter } from './usage.ts';

/** What passthrough has to know of the dialect. */
export const passthrough: PassthroughCodec = {
  tap: () => new MessagesFrameTap(),
  inspect(body) {
    const calledTool = contentOf(body).some((b) => isJsonObject(b) && b.type === 'tool_use');
    const counter = new UsageCounter();
    counter.see(body.usage);
    return {
      ...(counter.total === undefined ? {} : { usage: counter.total }),
      ...(typeof body.stop_reason === 'string'
        ? { finish: readStopReason(body.stop_reason, calledTool) }
        : {}),
    };
  },
  modelPaths: [['model'], ['message', 'model']],
};

/**
 * Watches frames by the name of their event; only the few that tell tokens, errors or have no name
 * are parsed. Complete is an answer only with its `message_stop`: the client waits for it too.
 */
class MessagesFrameTap implements FrameTap {
  readonly #counter = new UsageCounter();
  #stopReason: string | undefined;
  #calledTool = false;
  #stopped = false;

  get usage(): Usage | undefined {
    return this.#counter.total;
  }

  get finish(): FinishReason | undefined {
    const reason = this.#stopReason;
    return reason === undefined ? undefined : readStopReason(reason, this.#calledTool);
  }

  see(frame: Buffer): boolean {
    const name = eventName(frame);
    if (name !== undefined) return this.#see(name, frame);
    const parsed = objectOf(frame);
    return this.#see(isJsonObject(parsed.error) ? 'error' : parsed.type, frame, parsed);
  }

  end(): void {
    if (!this.#stopped) throw truncated();
  }

  #see(type: unknown, frame: Buffer, parsed?: JsonObject): boolean {
    switch (type) {
      case 'content_block_delta':
        return MEANINGFUL_DELTAS.some((word) => frame.includes(word));
      case 'content_block_start': {
        const isCall = frame.includes('"tool_use"');
        this.#calledTool ||= isCall;
        return isCall || MEANINGFUL_BLOCKS.some((word) => frame.includes(word));
      }
      case 'message_start': {
        const { message } = parsed ?? objectOf(frame);
        if (isJsonObject(message)) this.#counter.see(message.usage);
        return false;
      }
      case 'message_delta':
        this.#readDelta(parsed ?? objectOf(frame));
        return true;
      case 'message_stop':
        this.#stopped = true;
        return true;
      case 'error':
        throw errorInside(classify, parsed ?? objectOf(frame));
      default:
        return false;
    }
  }

  #readDelta({ usage, delta }: JsonObject): void {
    this.#counter.see(usage);
    if (isJsonObject(delta) && typeof delta.stop_reason === 'string') {
      this.#stopReason = delta.stop_reason;
    }
  }
}

const MEANINGFUL_DELTAS = ['"text_delta"', '"thinking_delta"', '"input_json_delta"'] as const;
const MEANINGFUL_BLOCKS = ['"redacted_thinking"', '"server_tool_use"'] as const;

function objectOf(frame: Buffer): JsonObject {
  const { json } = dataOf(frame);
  return isJsonObject(json) ? json : {};
}
