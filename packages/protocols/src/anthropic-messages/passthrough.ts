import type { FinishReason } from '@cliproxy/plugin-api';
import type { FrameTap, PassthroughCodec } from '../hub/dialect-codec.ts';
import { dataOf, eventName } from '../hub/frame-data.ts';
import { isJsonObject } from '../model/json-object.ts';
import type { JsonObject } from '../model/json-object.ts';
import { errorInside, truncated } from './error-classes.ts';
import { contentOf } from './response.ts';
import { readStopReason } from './stop-reason.ts';
import { usageCounter } from './usage.ts';

/** What passthrough has to know of the dialect. */
export const passthrough: PassthroughCodec = {
  tap: frameTap,
  inspect(body) {
    const calledTool = contentOf(body).some((b) => isJsonObject(b) && b.type === 'tool_use');
    const counter = usageCounter();
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
function frameTap(): FrameTap {
  const counter = usageCounter();
  let stopReason: string | undefined;
  let calledTool = false;
  let stopped = false;

  const readDelta = (data: JsonObject): void => {
    counter.see(data.usage);
    if (!isJsonObject(data.delta)) return;
    if (typeof data.delta.stop_reason === 'string') stopReason = data.delta.stop_reason;
  };
  const see = (type: unknown, frame: Buffer, parsed?: JsonObject): boolean => {
    switch (type) {
      case 'content_block_delta':
        return MEANINGFUL_DELTAS.some((word) => frame.includes(word));
      case 'content_block_start': {
        const isCall = frame.includes('"tool_use"');
        calledTool ||= isCall;
        return isCall || MEANINGFUL_BLOCKS.some((word) => frame.includes(word));
      }
      case 'message_start': {
        const { message } = parsed ?? objectOf(frame);
        if (isJsonObject(message)) counter.see(message.usage);
        return false;
      }
      case 'message_delta':
        readDelta(parsed ?? objectOf(frame));
        return true;
      case 'message_stop':
        stopped = true;
        return true;
      case 'error':
        throw errorInside(parsed ?? objectOf(frame));
      default:
        return false;
    }
  };
  return {
    see(frame) {
      const name = eventName(frame);
      if (name !== undefined) return see(name, frame);
      const parsed = objectOf(frame);
      return see(isJsonObject(parsed.error) ? 'error' : parsed.type, frame, parsed);
    },
    end() {
      if (!stopped) throw truncated();
    },
    get usage() {
      return counter.total;
    },
    get finish(): FinishReason | undefined {
      return stopReason === undefined ? undefined : readStopReason(stopReason, calledTool);
    },
  };
}

const MEANINGFUL_DELTAS = ['"text_delta"', '"thinking_delta"', '"input_json_delta"'] as const;
const MEANINGFUL_BLOCKS = ['"redacted_thinking"', '"server_tool_use"'] as const;

function objectOf(frame: Buffer): JsonObject {
  const { json } = dataOf(frame);
  return isJsonObject(json) ? json : {};
}
