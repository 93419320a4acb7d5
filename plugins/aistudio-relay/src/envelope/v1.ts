/**
 * Version 1 of what pages and router say to each other: one JSON object a text frame,
 * `{ id, type, payload }`. Pages that were written for other gateways speak it, so nothing of it can
 * change. Imports nothing, so that the page uses the same file.
 *
 * @see https://github.com/router-for-me/CLIProxyAPI `internal/wsrelay`
 */

/** Headers as version 1 has them: a name's values are one text or a list. */
type HeadersV1 = Readonly<Record<string, string | readonly string[]>>;

/** What the router says to a page. */
export type RouterMessageV1 =
  | {
      readonly type: 'http_request';
      readonly id: string;
      readonly method: string;
      readonly url: string;
      readonly headers: Readonly<Record<string, readonly string[]>>;
      readonly body: string;
    }
  /** Ours: pages that don't know it go on, to no harm. */
  | { readonly type: 'cancel'; readonly id: string }
  | PingV1;

/** What a page says to the router. */
export type PageMessageV1 =
  /** The whole answer. */
  | {
      readonly type: 'http_response';
      readonly id: string;
      readonly status: number;
      readonly headers: HeadersV1;
      readonly body: string;
    }
  | {
      readonly type: 'stream_start';
      readonly id: string;
      readonly status: number;
      readonly headers: HeadersV1;
    }
  | { readonly type: 'stream_chunk'; readonly id: string; readonly data: string }
  | { readonly type: 'stream_end'; readonly id: string }
  /** The call failed in the page; `status` is the upstream's where it answered, else 502. */
  | {
      readonly type: 'error';
      readonly id: string;
      readonly message: string;
      readonly status: number;
    }
  | PingV1;

/** Part of a page's answer to one call. */
export type AnswerMessageV1 = Extract<
  PageMessageV1,
  { type: 'http_response' | 'stream_start' | 'stream_chunk' | 'stream_end' | 'error' }
>;

/** Either side may ask whether the other is there; a pong repeats the id, empty where there was none. */
type PingV1 =
  { readonly type: 'ping'; readonly id: string } | { readonly type: 'pong'; readonly id: string };

/** The text of a message's frame. */
export function writeV1(message: RouterMessageV1 | PageMessageV1): string {
  const { type, id, ...payload } = message;
  switch (message.type) {
    case 'ping':
    case 'pong':
    case 'cancel':
      return JSON.stringify(id === '' ? { type } : { id, type });
    case 'http_request':
      return JSON.stringify({
        id,
        type,
        payload: { ...payload, sent_at: new Date().toISOString() },
      });
    case 'error':
      return JSON.stringify({
        id,
        type,
        payload: { error: message.message, status: message.status },
      });
    default:
      return JSON.stringify({ id, type, payload });
  }
}

/**
 * Reads what a page said.
 *
 * @returns `'malformed'` where the frame is no envelope, `'unknown'` where it is one of another type:
 *   such are ignored.
 */
export function readPageMessageV1(frame: string): PageMessageV1 | 'malformed' | 'unknown' {
  const envelope = readEnvelope(frame);
  if (envelope === undefined) return 'malformed';
  const { id, type, payload } = envelope;
  switch (type) {
    case 'http_response':
      return { type, id, ...headOf(payload), body: textOf(payload['body']) };
    case 'stream_start':
      return { type, id, ...headOf(payload) };
    case 'stream_chunk':
      return { type, id, data: textOf(payload['data']) };
    case 'stream_end':
      return { type, id };
    case 'error':
      return { type, id, ...faultOf(payload) };
    case 'ping':
    case 'pong':
      return { type, id };
    default:
      return 'unknown';
  }
}

/** Reads what the router said. @returns as {@link readPageMessageV1}. */
export function readRouterMessageV1(frame: string): RouterMessageV1 | 'malformed' | 'unknown' {
  const envelope = readEnvelope(frame);
  if (envelope === undefined) return 'malformed';
  const { id, type, payload } = envelope;
  switch (type) {
    case 'http_request': {
      const { method, url, body } = payload;
      if (typeof method !== 'string' || typeof url !== 'string') return 'malformed';
      const headers = Object.entries(headersOf(payload['headers'])).map(
        ([name, value]) => [name, typeof value === 'string' ? [value] : value] as const,
      );
      return { type, id, method, url, headers: Object.fromEntries(headers), body: textOf(body) };
    }
    case 'cancel':
    case 'ping':
    case 'pong':
      return { type, id };
    default:
      return 'unknown';
  }
}

type Fields = Readonly<Record<string, unknown>>;

function readEnvelope(
  frame: string,
): { readonly id: string; readonly type: string; readonly payload: Fields } | undefined {
  let value: unknown;
  try {
    value = JSON.parse(frame);
  } catch {
    return undefined;
  }
  if (!isFields(value) || typeof value['type'] !== 'string') return undefined;
  const { id, type, payload } = value;
  return { id: textOf(id), type, payload: isFields(payload) ? payload : {} };
}

function headOf(payload: Fields): { readonly status: number; readonly headers: HeadersV1 } {
  return { status: statusOf(payload['status']) ?? 200, headers: headersOf(payload['headers']) };
}

/** Gateways read `{ error, status }`; the applet that is spread most sends `{ code, message, http_response? }`. */
function faultOf(payload: Fields): { readonly message: string; readonly status: number } {
  const { error, message, status, http_response: answer } = payload;
  const said = [error, message].find((one) => typeof one === 'string' && one !== '');
  const answered = isFields(answer) ? statusOf(answer['status']) : undefined;
  return {
    message: typeof said === 'string' ? said : 'the page gives no reason',
    status: statusOf(status) ?? answered ?? 502,
  };
}

function headersOf(value: unknown): HeadersV1 {
  if (!isFields(value)) return {};
  const headers: [string, string | readonly string[]][] = [];
  for (const [name, one] of Object.entries(value)) {
    if (typeof one === 'string') headers.push([name, one]);
    else if (Array.isArray(one)) {
      headers.push([name, one.filter((item): item is string => typeof item === 'string')]);
    }
  }
  return Object.fromEntries(headers);
}

function statusOf(value: unknown): number | undefined {
  const fits = typeof value === 'number' && Number.isInteger(value) && value >= 100 && value <= 599;
  return fits ? value : undefined;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
