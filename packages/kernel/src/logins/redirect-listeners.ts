import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { loginPages } from './login-page.ts';
import type { LoginPage } from './logins.ts';
import { queryOf } from './pasted-callback.ts';
import type { CallbackQuery } from './pasted-callback.ts';

/** Takes the redirect of one login. */
export interface RedirectRoute {
  readonly path: string;
  /** Whether the redirect is this login's. Takes as long for any other state. */
  owns(state: string | undefined): boolean;
  answer(query: CallbackQuery): Promise<LoginPage>;
}

interface Listener {
  readonly server: Server;
  readonly port: number;
  readonly routes: Set<RedirectRoute>;
}

const HOST = '127.0.0.1';
const REQUEST_MS = 10_000;
/** Who comes back after the end, or a second time, is told so by a page instead of a broken connection. */
const LINGER_MS = 120_000;

/**
 * The listeners on loopback that browsers come back to. Each is there as long as a login needs it and
 * a little longer; logins that want the same port share one, and the state tells them apart.
 */
export class RedirectListeners {
  readonly #byPort = new Map<number, Promise<Listener>>();
  readonly #open = new Set<Listener>();

  /**
   * Listens for a login.
   *
   * @param port - undefined: any free one.
   * @returns the port, and what ends it, two minutes later.
   * @throws the system's error when the port can't be had.
   */
  async open(
    port: number | undefined,
    route: RedirectRoute,
  ): Promise<{ readonly port: number; close(): void }> {
    const listener = await (port === undefined ? listen(0) : this.#shared(port));
    listener.routes.add(route);
    this.#open.add(listener);
    const end = (): void => {
      if (listener.routes.delete(route) && listener.routes.size === 0) this.#end(listener);
    };
    return { port: listener.port, close: () => setTimeout(end, LINGER_MS).unref() };
  }

  /** Ends all at once. */
  stop(): void {
    for (const listener of this.#open) this.#end(listener);
  }

  #end(listener: Listener): void {
    this.#open.delete(listener);
    this.#byPort.delete(listener.port);
    listener.server.close();
  }

  #shared(port: number): Promise<Listener> {
    let listener = this.#byPort.get(port);
    if (listener === undefined) {
      listener = listen(port);
      this.#byPort.set(port, listener);
      listener.catch(() => this.#byPort.delete(port));
    }
    return listener;
  }
}

function listen(port: number): Promise<Listener> {
  const routes = new Set<RedirectRoute>();
  const server = createServer({ requestTimeout: REQUEST_MS }, (request, response) => {
    void pageFor(request, routes).then((page) => write(response, page));
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, HOST, () => {
      server.off('error', reject);
      server.unref();
      resolve({ server, port: (server.address() as AddressInfo).port, routes });
    });
  });
}

async function pageFor(
  { method, url = '/', headers }: IncomingMessage,
  routes: ReadonlySet<RedirectRoute>,
): Promise<LoginPage> {
  // A page elsewhere whose name leads here is not a browser that comes back.
  if (!/^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i.test(headers.host ?? '')) {
    return loginPages.path;
  }
  const at = url.indexOf('?');
  const path = at === -1 ? url : url.slice(0, at);
  const candidates = [...routes].filter((route) => route.path === path);
  if (candidates.length === 0) return loginPages.path;
  if (method !== 'GET') return loginPages.method;
  return answerRedirect(candidates, queryOf(new URLSearchParams(at === -1 ? '' : url.slice(at))));
}

/** Gives a redirect to the login that it belongs to. */
export async function answerRedirect(
  routes: readonly Pick<RedirectRoute, 'owns' | 'answer'>[],
  query: CallbackQuery,
): Promise<LoginPage> {
  const [owner] = routes.filter((route) => route.owns(query.state));
  return owner === undefined ? loginPages.foreign : owner.answer(query);
}

function write(response: ServerResponse, { status, headers, body }: LoginPage): void {
  response.writeHead(status, { ...headers, connection: 'close' });
  response.end(body);
}
