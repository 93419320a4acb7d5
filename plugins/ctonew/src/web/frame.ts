import { GatewayError } from '@cliproxy/plugin-api';
import type { JsonObject } from '../json-object.ts';
import { objectOf, parseObject } from '../json-object.ts';

/** One message of an answer's stream, as far as it is known. */
export type Frame =
  | { readonly type: 'text' | 'reasoning'; readonly content: string }
  | { readonly type: 'state'; readonly inProgress: boolean; readonly cancelled: boolean }
  | { readonly type: 'ping' }
  /** Something that answers don't depend on: a label, the history, an echo of the question. */
  | { readonly type: 'other' };

const OTHER: Frame = { type: 'other' };

/**
 * Reads a message of the stream.
 *
 * @throws GatewayError `UPSTREAM_BAD_ANSWER` where it is none.
 */
export function readFrame(message: string): Frame {
  if (message === 'ping') return { type: 'ping' };
  if (message === 'pong') return OTHER;
  const outer = parseObject(message);
  if (outer === undefined) throw odd();
  if (outer['type'] === 'state') {
    const state = objectOf(outer['state']) ?? {};
    return {
      type: 'state',
      inProgress: state['inProgress'] === true,
      cancelled: state['cancelled'] === true,
    };
  }
  return outer['type'] === 'update' ? readUpdate(outer) : OTHER;
}

/** Its buffer is JSON once more. */
function readUpdate({ buffer }: JsonObject): Frame {
  const inner = typeof buffer === 'string' ? parseObject(buffer) : objectOf(buffer);
  if (inner === undefined) throw odd();
  const { type } = inner;
  if (type !== 'chat' && type !== 'thinking') return OTHER;
  const body = objectOf(inner[type]) ?? inner;
  const { content, role } = body;
  if (typeof content !== 'string' || role === 'user' || inner['role'] === 'user') return OTHER;
  return { type: type === 'chat' ? 'text' : 'reasoning', content };
}

function odd(): GatewayError {
  const message = 'the stream of the answer holds what is no JSON; check webSocketBaseUrl';
  return new GatewayError('UPSTREAM_BAD_ANSWER', message, {
    failure: { kind: 'upstream', scope: 'account', message },
  });
}
