/**
 * Version 2 of what pages and router say to each other: text frames are JSON control messages,
 * binary frames are bytes of bodies, as they are. A page sends no more bytes of an answer than it was
 * given credit for. Imports nothing, so that the page uses the same file.
 */

/** The WebSocket subprotocol that names this version; a page offers it and one credential. */
export const SUBPROTOCOL_V2 = 'cliproxy-relay.2';

/**
 * How a page shows who it is: another offered subprotocol, so that no credential is in an address.
 * `ticket.` is followed by a ticket, which counts once; `resume.` by the token of the last welcome;
 * `token.` by one of the configured relay tokens, as base64url of its UTF-8.
 */
export const credentialPrefixes = Object.freeze({
  ticket: 'ticket.',
  resume: 'resume.',
  token: 'token.',
});

/** What a page calls itself, for as long as it lives. */
export const CLIENT_ID_PATTERN = /^[A-Za-z0-9_-]{8,64}$/;

/**
 * The code that a connection is closed with when the same page has connected again. A page that is
 * told so has a twin and does not come back, or the two would put each other out for ever.
 */
export const CLOSE_REPLACED = 4001;

/** Headers, each with all its values. */
export type HeadersV2 = Readonly<Record<string, readonly string[]>>;

/** Why a page could not answer a call. */
export type ErrorReasonV2 = 'network' | 'refused-host' | 'aborted' | 'bad-request';

/** What the router says to a page. */
export type RouterMessageV2 =
  | {
      readonly type: 'welcome';
      readonly version: 2;
      /** What the page shows when it connects again; each welcome has a new one. */
      readonly resume: string;
      readonly resumeExpiresAtMs: number;
      /** How many bytes of an answer's body a page may send before it is given more. */
      readonly creditBytes: number;
      /** How often the router asks whether the page is there. */
      readonly pingMs: number;
    }
  | {
      readonly type: 'request';
      /** A whole number below 2^32, unused until now on this connection. */
      readonly call: number;
      readonly method: string;
      readonly url: string;
      readonly headers: HeadersV2;
      /** So many bytes follow in binary frames of the call. */
      readonly bodyBytes: number;
    }
  /** So many bytes more may be sent. */
  | { readonly type: 'credit'; readonly call: number; readonly bytes: number }
  /** Nobody waits for the answer any more: the page ends its request and says nothing more of it. */
  | { readonly type: 'cancel'; readonly call: number }
  | { readonly type: 'ping'; readonly at: number };

/** What a page says to the router. */
export type PageMessageV2 =
  /** The first message. */
  | {
      readonly type: 'hello';
      readonly version: 2;
      /** See {@link CLIENT_ID_PATTERN}. */
      readonly clientId: string;
      /** The browser profile that the page runs in, where the gateway's own service opened it. */
      readonly profile?: string;
      readonly userAgent?: string;
    }
  /** The head of an answer; bytes follow in binary frames, then `end` or `error`. */
  | {
      readonly type: 'response';
      readonly call: number;
      readonly status: number;
      readonly headers: HeadersV2;
    }
  | { readonly type: 'end'; readonly call: number }
  | {
      readonly type: 'error';
      readonly call: number;
      readonly message: string;
      readonly reason: ErrorReasonV2;
      /** The upstream's status, where it answered. */
      readonly status?: number;
    }
  /** Repeats what the ping said. */
  | { readonly type: 'pong'; readonly at: number };

/** The text of a control message's frame. */
export function writeV2(message: RouterMessageV2 | PageMessageV2): string {
  return JSON.stringify(message);
}

/** Reads what a page said. @returns `undefined` where it is nothing that a page may say. */
export function readPageMessageV2(frame: string): PageMessageV2 | undefined {
  const fields = readFields(frame);
  switch (fields?.['type']) {
    case 'hello': {
      const { clientId, profile, userAgent } = fields;
      if (fields['version'] !== 2 || !isText(clientId) || !CLIENT_ID_PATTERN.test(clientId)) {
        return undefined;
      }
      return {
        type: 'hello',
        version: 2,
        clientId,
        ...(isText(profile) ? { profile } : {}),
        ...(isText(userAgent) ? { userAgent } : {}),
      };
    }
    case 'response': {
      const { call, status } = fields;
      const headers = readHeaders(fields['headers']);
      if (!isCall(call) || !isStatus(status) || headers === undefined) return undefined;
      return { type: 'response', call, status, headers };
    }
    case 'end':
      return isCall(fields['call']) ? { type: 'end', call: fields['call'] } : undefined;
    case 'error': {
      const { call, message, reason, status } = fields;
      if (!isCall(call) || !isText(message) || !isReason(reason)) return undefined;
      return { type: 'error', call, message, reason, ...(isStatus(status) ? { status } : {}) };
    }
    case 'pong':
      return isCount(fields['at']) ? { type: 'pong', at: fields['at'] } : undefined;
    default:
      return undefined;
  }
}

/** Reads what the router said. @returns `undefined` where it is nothing that a router may say. */
export function readRouterMessageV2(frame: string): RouterMessageV2 | undefined {
  const fields = readFields(frame);
  switch (fields?.['type']) {
    case 'welcome': {
      const { resume, resumeExpiresAtMs, creditBytes, pingMs } = fields;
      if (fields['version'] !== 2 || !isText(resume) || !isCount(resumeExpiresAtMs)) {
        return undefined;
      }
      if (!isCount(creditBytes) || !isCount(pingMs)) return undefined;
      return { type: 'welcome', version: 2, resume, resumeExpiresAtMs, creditBytes, pingMs };
    }
    case 'request': {
      const { call, method, url, bodyBytes } = fields;
      const headers = readHeaders(fields['headers']);
      if (!isCall(call) || !isText(method) || !isText(url)) return undefined;
      if (headers === undefined || !isCount(bodyBytes)) return undefined;
      return { type: 'request', call, method, url, headers, bodyBytes };
    }
    case 'credit': {
      const { call, bytes } = fields;
      return isCall(call) && isCount(bytes) ? { type: 'credit', call, bytes } : undefined;
    }
    case 'cancel':
      return isCall(fields['call']) ? { type: 'cancel', call: fields['call'] } : undefined;
    case 'ping':
      return isCount(fields['at']) ? { type: 'ping', at: fields['at'] } : undefined;
    default:
      return undefined;
  }
}

const CALL_BYTES = 4;

/** A binary frame: the call's number, big end first, and bytes of its body. */
export function writeFrameV2(call: number, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(CALL_BYTES + bytes.length);
  new DataView(frame.buffer).setUint32(0, call);
  frame.set(bytes, CALL_BYTES);
  return frame;
}

/** Reads a binary frame; `bytes` is a view of it. @returns `undefined` where it has no number. */
export function readFrameV2<B extends ArrayBufferLike>(
  frame: Uint8Array<B>,
): { readonly call: number; readonly bytes: Uint8Array<B> } | undefined {
  if (frame.length < CALL_BYTES) return undefined;
  const call = new DataView(frame.buffer, frame.byteOffset).getUint32(0);
  return { call, bytes: frame.subarray(CALL_BYTES) };
}

type Fields = Readonly<Record<string, unknown>>;

const REASONS: readonly unknown[] = ['network', 'refused-host', 'aborted', 'bad-request'];

function readFields(frame: string): Fields | undefined {
  let value: unknown;
  try {
    value = JSON.parse(frame);
  } catch {
    return undefined;
  }
  return isFields(value) ? value : undefined;
}

function readHeaders(value: unknown): HeadersV2 | undefined {
  if (!isFields(value)) return undefined;
  const headers: [string, readonly string[]][] = [];
  for (const [name, values] of Object.entries(value)) {
    if (!Array.isArray(values) || !values.every(isText)) return undefined;
    headers.push([name, values]);
  }
  return Object.fromEntries(headers);
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isCall(value: unknown): value is number {
  return isCount(value) && value < 2 ** 32;
}

function isStatus(value: unknown): value is number {
  return isCount(value) && value >= 100 && value <= 599;
}

function isReason(value: unknown): value is ErrorReasonV2 {
  return REASONS.includes(value);
}
