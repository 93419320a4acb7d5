import { readBody } from '@cliproxy/plugin-api';
import type { HeaderMap, HttpClient } from '@cliproxy/plugin-api';
import * as oauth from 'oauth4webapi';
import type { OAuthOptions } from './oauth-options.ts';
import { safeAddress } from './safe-address.ts';

/** How far requests go: the door of whoever asked for them. */
export interface Door {
  readonly http: HttpClient;
  readonly signal: AbortSignal;
}

// Deprecated only to be noticed: `safeAddress` lets plain http to this machine alone.
// eslint-disable-next-line @typescript-eslint/no-deprecated
const insecure: typeof oauth.allowInsecureRequests = oauth.allowInsecureRequests;

/** What oauth4webapi takes to make its requests. */
export interface RequestOptions {
  readonly headers?: Record<string, string>;
  readonly [oauth.customFetch]: (
    url: string,
    request: {
      readonly method: 'GET' | 'POST';
      readonly headers: Record<string, string>;
      readonly body?: URLSearchParams | undefined;
    },
  ) => Promise<Response>;
  readonly [insecure]?: boolean;
}

/** Metadata and keys are a few KB, tokens less. */
const MAX_ANSWER_BYTES = 256 * 1024;

/** Without a body, by the rules of HTTP. */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

/** Sends what oauth4webapi asks for through the plugin's own way out, and no other. */
export function throughDoor(
  { http, signal }: Door,
  { insecureLoopback }: OAuthOptions,
  format: 'form' | 'json' = 'form',
  more: Readonly<Record<string, string>> = {},
): RequestOptions {
  return {
    headers: { ...more },
    ...(insecureLoopback === true ? { [insecure]: true } : {}),
    [oauth.customFetch]: async (url, { method, headers, body }) => {
      safeAddress('an address', url, insecureLoopback);
      const isJson = format === 'json' && body !== undefined;
      const reply = await http.request(
        {
          method,
          url,
          headers: isJson ? { ...headers, 'content-type': 'application/json' } : headers,
          ...(body === undefined
            ? {}
            : {
                body: Buffer.from(
                  isJson ? JSON.stringify(Object.fromEntries(body)) : body.toString(),
                ),
              }),
        },
        signal,
      );
      const bytes = await readBody(reply, MAX_ANSWER_BYTES);
      return new Response(BODILESS.has(reply.status) ? null : new Uint8Array(bytes), {
        status: reply.status,
        headers: headersOf(reply.headers),
      });
    },
  };
}

/** Without those that speak of the body's coding, which is undone. */
function headersOf(map: HeaderMap): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(map)) {
    if (name === 'content-encoding' || name === 'content-length') continue;
    for (const one of typeof value === 'string' ? [value] : value) headers.append(name, one);
  }
  return headers;
}
