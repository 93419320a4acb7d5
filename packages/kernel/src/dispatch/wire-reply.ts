import { Readable } from 'node:stream';
import type { HeaderMap, WireReply } from '@cliproxy/plugin-api';

const noHeaders: HeaderMap = Object.freeze({});

/**
 * Checks what a plugin gave as a reply.
 *
 * @returns the reply, or what is wrong with it, to be said after the plugin's name.
 */
export function checkedReply(value: unknown): WireReply | string {
  try {
    return checked(value);
  } catch {
    return 'gave a reply that throws when it is looked at';
  }
}

function checked(value: unknown): WireReply | string {
  if (typeof value !== 'object' || value === null) return `gave ${typeof value} for a reply`;
  const { status, headers, body } = value as Partial<Record<keyof WireReply, unknown>>;
  if (!isReadable(body)) return 'gave a reply whose body is not a Readable';
  // Listened to from here on: an error that nobody hears ends the process.
  body.on('error', ignore);
  if (typeof status !== 'number' || !Number.isInteger(status) || status < 100 || status > 599) {
    body.destroy();
    return `gave a reply with the status ${String(status).slice(0, 20)}`;
  }
  if (typeof headers === 'object' && headers !== null) return value as WireReply;
  return { ...(value as WireReply), headers: noHeaders };
}

/** Lets go of a reply that came too late. */
export function discardReply(value: unknown): void {
  const reply = checkedReply(value);
  if (typeof reply !== 'string') reply.body.destroy();
}

/**
 * The upstream's own id of the request, where it told one that can be passed on as a header.
 */
export function upstreamRequestId(headers: HeaderMap): string | undefined {
  const id = headers['x-request-id'] ?? headers['request-id'];
  return typeof id === 'string' && /^[\x21-\x7e]{1,200}$/.test(id) ? id : undefined;
}

/** A chunk of a plugin's body as bytes; nothing where it holds something else. */
export function bytesOf(chunk: unknown): Buffer | undefined {
  if (Buffer.isBuffer(chunk)) return chunk;
  if (typeof chunk === 'string') return Buffer.from(chunk);
  if (!ArrayBuffer.isView(chunk)) return undefined;
  return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}

function isReadable(value: unknown): value is Readable {
  if (value instanceof Readable) return true;
  // A stream of another copy of the streams package, or of another realm.
  if (typeof value !== 'object' || value === null) return false;
  const stream = value as Partial<Record<string, unknown>>;
  return ['on', 'pause', 'resume', 'destroy'].every((name) => typeof stream[name] === 'function');
}

function ignore(): void {
  // Whoever reads the body hears of it too.
}
