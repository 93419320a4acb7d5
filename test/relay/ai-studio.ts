import { once } from 'node:events';
import { createServer, request as ask } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LLMock } from '@copilotkit/aimock';
import { startVendor } from '@cliproxy/plugin-testkit';
import type { Vendor } from '@cliproxy/plugin-testkit';

/** A site where people sign in, with a page that may ask Gemini for whoever has. */
export interface AiStudio {
  /** The page; whoever has no session is sent to `signInUrl`. */
  readonly pageUrl: string;
  readonly signInUrl: string;
  /** The API, of another origin than the page's. */
  readonly apiUrl: string;
  readonly gemini: Vendor;
  /** Answers for `MOCKED_MODEL` in the place of {@link AiStudio.gemini}: somebody else's idea of the API. */
  readonly mock: LLMock;
  /** Whether somebody looks at the sign-in page. */
  isAsked(): boolean;
  /** The person gives their password: the browser is led to the page, with a session. */
  signIn(): void;
  close(): Promise<void>;
}

const COOKIE = 'studio-session';

/** The model that aimock answers for. */
export const MOCKED_MODEL = 'gemini-mocked';

/** Starts it, with the strict fake of Gemini's API behind. */
export async function startAiStudio(): Promise<AiStudio> {
  const gemini = await startVendor('gemini');
  const mock = new LLMock({ port: 0, strict: true });
  await mock.start();
  let person: (() => void) | undefined;
  const site = await serve((request, response) => {
    const signedIn = request.headers.cookie?.includes(`${COOKIE}=`) === true;
    response.setHeader('content-type', 'text/html');
    switch (request.url) {
      case '/sign-in':
        response.end("<script>fetch('/person').then(() => (location.href = '/granted'))</script>");
        return;
      case '/person':
        person = () => void response.end('ok');
        return;
      case '/granted':
        response.setHeader('set-cookie', `${COOKIE}=s3cret; Max-Age=3600; HttpOnly`);
        response.writeHead(303, { location: '/page' }).end();
        return;
      case '/page':
        if (signedIn) response.end('<title>A page</title><h1>Mine</h1>');
        else response.writeHead(303, { location: '/sign-in' }).end();
        return;
      default:
        response.writeHead(404).end();
    }
  });
  const api = await serve(
    withCors((path) => (path.includes(`/${MOCKED_MODEL}:`) ? mock.url : gemini.url)),
  );
  return {
    pageUrl: `${site.url}/page`,
    signInUrl: `${site.url}/sign-in`,
    apiUrl: api.url,
    gemini,
    mock,
    isAsked: () => person !== undefined,
    signIn: () => {
      person?.();
      person = undefined;
    },
    close: async () => {
      await Promise.all([site.close(), api.close(), gemini.close(), mock.stop()]);
    },
  };
}

/** The cookie that a session is known by. */
export const SESSION_COOKIE = COOKIE;

/** What the vendor does for pages of its own: leave for their origin, and who is signed in. */
function withCors(targetOf: (path: string) => string): RequestListener {
  return (request, response) => {
    response.setHeader('access-control-allow-origin', '*');
    response.setHeader('access-control-allow-headers', '*');
    response.setHeader('access-control-allow-methods', '*');
    if (request.method === 'OPTIONS') {
      response.writeHead(204).end();
      return;
    }
    const { 'content-type': type = 'application/json' } = request.headers;
    const { url: path = '/' } = request;
    const onward = ask(
      new URL(path, targetOf(path)),
      { method: request.method, headers: { 'content-type': type, 'x-goog-api-key': 'whoever' } },
      (reply) => {
        response.writeHead(reply.statusCode ?? 500, {
          'content-type': reply.headers['content-type'] ?? 'text/plain',
        });
        reply.pipe(response);
        response.on('close', () => reply.destroy());
        reply.on('error', () => response.destroy());
      },
    );
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    request.pipe(onward);
  };
}

async function serve(
  listener: RequestListener,
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const server: Server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
