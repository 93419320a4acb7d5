import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { PlantedSecrets } from './planted.ts';

/** A vendor that repeats, in every error, all that it was sent. */
export interface AcmeVendor {
  readonly url: string;
  /** Everything that came, and what was answered. */
  readonly received: readonly string[];
  /** Whether token requests are refused. */
  refuses: boolean;
  /** The access token that chats are taken with; others get 401. */
  valid: string;
  /** Whether chats are answered with 429, to come back in half an hour. */
  limits: boolean;
  /** The person has entered the device code. */
  approved: boolean;
  close(): Promise<void>;
}

export async function startAcmeVendor(planted: PlantedSecrets): Promise<AcmeVendor> {
  const received: string[] = [];
  const codes = new Set<string>();
  const make = (name: string, path: string): string =>
    planted.plant(name, `acme-${randomBytes(24).toString('hex')}`, path);
  let renewals = 0;

  const tokens = (grant: string): object => {
    renewals += grant === 'refresh_token' ? 1 : 0;
    const which = grant === 'refresh_token' ? `renewed ${renewals}` : grant;
    vendor.valid = make(`access token (${which})`, 'answer of the token endpoint, vault, requests');
    return {
      access_token: vendor.valid,
      refresh_token: make(`refresh token (${which})`, 'answer of the token endpoint, vault'),
      token_type: 'bearer',
      expires_in: 3600,
      who: 'ada',
    };
  };
  const grantedFor = (form: URLSearchParams): object | undefined => {
    const grant = (form.get('grant_type') ?? '').replace(/^.*:/u, '');
    const verifier = form.get('code_verifier');
    if (verifier !== null) planted.plant('PKCE verifier', verifier, 'body of a token request');
    const isForeign = grant === 'authorization_code' && !codes.delete(form.get('code') ?? '');
    if (vendor.refuses || isForeign) return undefined;
    if (grant === 'device_code' && !vendor.approved) return { error: 'authorization_pending' };
    return tokens(grant);
  };

  const server = createServer((request, response) => {
    void (async () => {
      const body = await text(request);
      const all = `${request.method} ${request.url} ${JSON.stringify(request.headers)} ${body}`;
      received.push(all);
      const url = new URL(request.url ?? '/', 'http://acme');
      const answer = (status: number, value: object, retryAfterS?: number): void => {
        response.writeHead(status, {
          'content-type': 'application/json',
          'x-debug': url.search,
          ...(retryAfterS !== undefined && { 'retry-after': String(retryAfterS) }),
        });
        const told = JSON.stringify(value);
        received.push(`answer: ${told}`);
        response.end(told);
      };
      const echo = { error_description: all, message: all, code: `bad_${body}`, type: all };
      switch (url.pathname) {
        case '/authorize': {
          const back = new URL(url.searchParams.get('redirect_uri') ?? '');
          const code = make('OAuth code', 'callback address');
          codes.add(code);
          back.searchParams.set('code', code);
          back.searchParams.set('state', url.searchParams.get('state') ?? '');
          response.writeHead(302, { location: back.href }).end();
          return;
        }
        case '/token': {
          const granted = grantedFor(new URLSearchParams(body));
          if (granted === undefined) answer(400, { error: 'invalid_grant', ...echo });
          else answer('error' in granted ? 400 : 200, granted);
          return;
        }
        case '/device':
          answer(200, {
            device_code: make('device code', 'answer of the device endpoint, token requests'),
            user_code: 'WXYZ-1234',
            verification_uri: `${vendor.url}/enter`,
            expires_in: 600,
            interval: 1,
          });
          return;
        case '/revoke':
          answer(503, { error: 'temporarily_unavailable', ...echo });
          return;
        default:
          if (vendor.limits) answer(429, { error: { message: 'slow down' } }, 1800);
          else if (request.headers.authorization === `Bearer ${vendor.valid}`) answer(200, CHAT);
          else answer(401, { error: { ...echo, type: 'authentication_error' } });
      }
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const vendor: AcmeVendor = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    refuses: false,
    limits: false,
    valid: '',
    approved: false,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return vendor;
}

const CHAT = {
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1,
  model: 'acme-1',
  choices: [{ index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }],
};
