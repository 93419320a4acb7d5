import type http from 'node:http';
import { startLoopbackServer } from '../loopback-server.ts';
import { pacedWrite } from '../paced-write.ts';
import { isObject } from '../upstreams/shape.ts';
import { fakeG4f } from './fake-g4f.ts';
import type { FakeG4fState } from './fake-g4f.ts';
import { fakeLegacy } from './fake-legacy.ts';
import { fakePlain } from './fake-plain.ts';
import { fakeWebai } from './fake-webai.ts';
import type { FakeWebaiState } from './fake-webai.ts';
import type { WebaiAnswer, WebaiChat, WebaiKind } from './service-answer.ts';
import type { KindOfService, ServiceReply, ServiceRequest } from './webai-kind.ts';

/** What a fake service is. */
export interface WebaiServiceOptions {
  readonly models?: readonly string[];
  /** What the service itself asks for; default: nothing. */
  readonly apiKey?: string;
}

/** A fake of a service that makes an API of web sessions: real HTTP on loopback. */
export interface WebaiService {
  /** Without a slash at the end. */
  readonly url: string;
  readonly chats: readonly WebaiChat[];
  /** Everything that was asked, as `GET /path`. */
  readonly asked: readonly string[];
  /** In words, what the service would have ignored, or was not to be told. */
  readonly violations: readonly string[];
  /** How WebAI-to-API does. */
  readonly webai: FakeWebaiState;
  /** What gpt4free was given. */
  readonly g4f: FakeG4fState;
  /** What chats get, in turn; the last one repeats. */
  answer(...answers: readonly WebaiAnswer[]): void;
  /** It is another kind from now on, as the older WebAI-to-API can be. */
  become(kind: WebaiKind): void;
  /** Every request is answered so, until told otherwise. */
  fail(status: number | undefined): void;
  close(): Promise<void>;
}

const HELLO: WebaiAnswer = { texts: ['Hello', ' there'] };

/** Starts a strict fake of a kind of service on a free port of 127.0.0.1. */
export async function startWebai(
  kind: WebaiKind,
  options: WebaiServiceOptions = {},
): Promise<WebaiService> {
  const running = new RunningService(kind, options);
  const { url, close } = await startLoopbackServer((incoming, outgoing) =>
    running.serve(incoming, outgoing),
  );
  return {
    url,
    chats: running.chats,
    asked: running.asked,
    violations: running.violations,
    webai: running.webai,
    g4f: running.g4f,
    answer: (...answers) => void (running.answers = [...answers]),
    become: (other) => void (running.kind = running.make(other)),
    fail: (status) => void (running.failure = status),
    close,
  };
}

class RunningService {
  readonly chats: WebaiChat[] = [];
  readonly asked: string[] = [];
  readonly violations: string[] = [];
  readonly webai: FakeWebaiState = {
    browser: 'unused',
    loginEnds: 'with a session',
    hasDisplay: true,
  };
  readonly g4f: FakeG4fState = { cookieFiles: new Map(), keepsCookies: true };
  answers: WebaiAnswer[] = [HELLO];
  failure: number | undefined;
  kind: KindOfService;
  readonly #models: readonly string[];
  readonly #apiKey: string | undefined;

  constructor(kind: WebaiKind, { models = ['gemini-2.5-flash'], apiKey }: WebaiServiceOptions) {
    this.#models = models;
    this.#apiKey = apiKey;
    this.kind = this.make(kind);
  }

  make(kind: WebaiKind): KindOfService {
    const violate = (what: string): void => void this.violations.push(what);
    switch (kind) {
      case 'webai':
        return fakeWebai(this.webai, this.#models, violate);
      case 'legacy':
        return fakeLegacy(this.#models, violate);
      case 'g4f':
        return fakeG4f(this.g4f, this.#models, violate);
      case 'plain':
        return fakePlain(this.#models);
    }
  }

  async serve(incoming: http.IncomingMessage, outgoing: http.ServerResponse): Promise<void> {
    const { pathname } = new URL(incoming.url ?? '/', 'http://service');
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const { method = '', headers } = incoming;
    const asked = `${method} ${pathname}`;
    this.asked.push(asked);
    if (headers.cookie !== undefined) this.violations.push('cookies came as a header');
    const request = { method, path: pathname, headers, body: Buffer.concat(chunks) };
    if (this.failure !== undefined) {
      reply(outgoing, { status: this.failure, body: '' });
      return;
    }
    if (this.#apiKey !== undefined && headers.authorization !== `Bearer ${this.#apiKey}`) {
      const body = { error: { message: 'G4F API key required' } };
      reply(outgoing, { status: 401, body });
      return;
    }
    if (asked === 'GET /openapi.json' && this.kind.describesItself) {
      reply(outgoing, { status: 200, body: this.#description() });
      return;
    }
    if (asked === 'POST /v1/chat/completions') return this.#chat(request, outgoing);
    const route = this.kind.routes[asked];
    reply(outgoing, route?.(request) ?? { status: 404, body: { detail: 'Not Found' } });
  }

  #description(): object {
    const routes = [...Object.keys(this.kind.routes), 'POST /v1/chat/completions'];
    const paths = routes.map((route) => {
      const [method = '', path = ''] = route.split(' ');
      return [path, { [method.toLowerCase()]: {} }] as const;
    });
    return { openapi: '3.1.0', info: { title: 'FastAPI' }, paths: Object.fromEntries(paths) };
  }

  async #chat(
    { headers, body: bytes }: ServiceRequest,
    outgoing: http.ServerResponse,
  ): Promise<void> {
    const body: unknown = JSON.parse(bytes.toString());
    if (!isObject(body)) {
      reply(outgoing, { status: 422, body: { detail: [] } });
      return;
    }
    const { authorization } = headers;
    const model = String(body['model']);
    const chat = { model, stream: body['stream'] === true, body, authorization };
    this.chats.push(chat);
    const refusal = this.kind.refuse(body);
    if (refusal !== undefined) {
      reply(outgoing, refusal);
      return;
    }
    const answer = (this.answers.length > 1 ? this.answers.shift() : this.answers[0]) ?? HELLO;
    if ('contentType' in answer) {
      reply(outgoing, answer);
      return;
    }
    if ('status' in answer) {
      const { status, message } = answer;
      reply(outgoing, { status, body: this.kind.error(message, model) });
      return;
    }
    const events = chat.stream ? this.kind.events?.(answer, chat) : undefined;
    if (events === undefined) {
      reply(outgoing, { status: 200, body: this.kind.whole(answer, chat) });
      return;
    }
    outgoing.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
    for (const data of events) await pacedWrite(outgoing, `data: ${data}\n\n`);
    if ('texts' in answer && answer.ending === 'reset') outgoing.destroy();
    else outgoing.end();
  }
}

function reply(outgoing: http.ServerResponse, { status, body, contentType }: ServiceReply): void {
  const isText = typeof body === 'string';
  const type = contentType ?? (isText ? 'text/plain' : 'application/json');
  outgoing.writeHead(status, { 'content-type': type });
  outgoing.end(isText ? body : JSON.stringify(body));
}
