import http from 'node:http';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import type { Vendor } from '../upstreams/vendor.ts';
import type { CtonewAccount } from './ctonew-account.ts';
import { answerJson, bodyOf } from './json-answer.ts';
import type { CtonewFault } from './json-answer.ts';
import { IDLE, sayAnswer } from './web-answer.ts';
import type { CtonewAnswer } from './web-answer.ts';

const ORIGIN = 'https://cto.new';
const STREAM = /^\/engine-agent\/chat-histories\/([^/]+)\/buffer\/stream$/u;
const UUID_V4 = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/u;

/** A chat as the web page begins it. */
export interface CtonewChat {
  readonly prompt: string;
  readonly chatHistoryId: string;
  readonly adapterName: string;
}

/** EngineLabs' API: the one of the command line, compatible with OpenAI's, and that of the web page. */
export class FakeEngineLabs {
  /** What chats of the web page get, in turn; the last one repeats. */
  readonly answers: CtonewAnswer[] = [{ text: ['Hello', ' there'] }];
  /** What the next requests get, in turn, whatever they ask. */
  readonly faults: CtonewFault[] = [];
  /** With what status the next streams are refused. */
  readonly refusedStreams: number[] = [];
  readonly chats: CtonewChat[] = [];
  readonly violations: string[] = [];
  /** Messages of all streams. */
  sent = 0;
  /** What `GET /chat/adapters` lists; undefined: there is no such list. */
  adapters: readonly string[] | undefined;
  readonly #account: CtonewAccount;
  readonly #commandLine: Vendor;
  readonly #streams = new Map<string, WebSocket>();
  readonly #sockets = new WebSocketServer({ noServer: true });

  constructor(account: CtonewAccount, commandLine: Vendor, adapters: readonly string[]) {
    this.#account = account;
    this.#commandLine = commandLine;
    this.adapters = adapters;
  }

  /** Chats whose stream is open. */
  get openStreams(): number {
    return this.#streams.size;
  }

  async serve(incoming: http.IncomingMessage, outgoing: http.ServerResponse): Promise<void> {
    const { pathname } = new URL(incoming.url ?? '/', 'http://enginelabs');
    const asked = `${incoming.method} ${pathname}`;
    this.#demand(incoming.headers.cookie === undefined, 'the cookie is for Clerk alone');
    if (asked === 'POST /oauth/token') return this.#renew(incoming, outgoing);
    const fault = this.faults.shift();
    if (fault !== undefined) {
      await bodyOf(incoming);
      answerJson(outgoing, fault);
      return;
    }
    if (!this.#account.knows(incoming.headers.authorization)) {
      await bodyOf(incoming);
      answerJson(outgoing, { status: 401, body: { error: 'Unauthorized' } });
      return;
    }
    if (asked === 'POST /chat/completions' || asked === 'GET /models') {
      return this.#forward(incoming, outgoing, pathname);
    }
    this.#demand(incoming.headers.origin === ORIGIN, 'it must say that it comes from the page');
    if (asked === 'GET /chat/adapters' && this.adapters !== undefined) {
      const entries = this.adapters.map((name) => ({
        key: name.toLowerCase(),
        engineAgentKey: name,
      }));
      answerJson(outgoing, { status: 200, body: entries });
      return;
    }
    if (asked === 'POST /engine-agent/chat') return this.#chat(incoming, outgoing);
    answerJson(outgoing, { status: 404, body: { error: 'Not found' } });
  }

  /** Opens the stream of an answer. */
  upgrade(incoming: http.IncomingMessage, socket: Duplex, head: Buffer): void {
    const { pathname, searchParams } = new URL(incoming.url ?? '/', 'http://enginelabs');
    const [, id] = STREAM.exec(pathname) ?? [];
    const known = searchParams.get('token') === this.#account.userId;
    const due = id === undefined ? 404 : known ? 101 : 401;
    const status = this.refusedStreams.shift() ?? due;
    this.#demand(incoming.headers.origin === ORIGIN, 'a stream must say that it is for the page');
    if (status !== 101 || id === undefined) {
      socket.end(`HTTP/1.1 ${status} Refused\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`);
      return;
    }
    this.#sockets.handleUpgrade(incoming, socket, head, (stream) => {
      this.#streams.set(id, stream);
      stream.once('close', () => this.#streams.delete(id));
      stream.on('error', () => undefined);
      stream.send(IDLE);
    });
  }

  close(): void {
    for (const stream of this.#streams.values()) stream.terminate();
  }

  async #renew(incoming: http.IncomingMessage, outgoing: http.ServerResponse): Promise<void> {
    const { grant_type: grant, refresh_token: token } = JSON.parse(
      await bodyOf(incoming),
    ) as Record<string, string>;
    this.#demand(grant === 'refresh_token', 'the grant must be refresh_token');
    const fault = this.faults.shift();
    const body = fault === undefined ? this.#account.renew(token ?? '') : undefined;
    answerJson(
      outgoing,
      fault ?? (body ? { status: 200, body } : { status: 400, body: { error: 'invalid_grant' } }),
    );
  }

  /** The command line's chats are judged and answered by a strict server of that dialect. */
  async #forward(
    incoming: http.IncomingMessage,
    outgoing: http.ServerResponse,
    path: string,
  ): Promise<void> {
    const headers = { ...incoming.headers, connection: 'close' };
    const onward = http.request(this.#commandLine.url + path, { method: incoming.method, headers });
    const answered = new Promise<http.IncomingMessage>((resolve, reject) => {
      onward.once('response', resolve);
      onward.on('error', reject);
    });
    outgoing.once('close', () => onward.destroy());
    // Both at once: a client that leaves ends both, in either order.
    const [answer] = await Promise.all([answered, pipeline(incoming, onward)]);
    outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
    await pipeline(answer, outgoing);
  }

  async #chat(incoming: http.IncomingMessage, outgoing: http.ServerResponse): Promise<void> {
    const chat = JSON.parse(await bodyOf(incoming)) as CtonewChat;
    this.chats.push(chat);
    const stream = this.#streams.get(chat.chatHistoryId);
    this.#demand(UUID_V4.test(chat.chatHistoryId), 'chatHistoryId must be a UUID of version 4');
    this.#demand(typeof chat.prompt === 'string' && chat.prompt !== '', 'the prompt is empty');
    this.#demand(stream !== undefined, 'the stream was not open: the first messages are lost');
    const answer = this.answers.length > 1 ? this.answers.shift() : this.answers[0];
    if (answer === undefined || 'error' in answer) {
      answerJson(outgoing, answer?.error ?? { status: 500 });
      return;
    }
    if (this.adapters?.includes(chat.adapterName) === false) {
      answerJson(outgoing, { status: 400, body: { error: 'unknown adapter' } });
      return;
    }
    answerJson(outgoing, { status: 202 });
    if (stream !== undefined) await sayAnswer(stream, answer, () => (this.sent += 1));
  }

  #demand(met: boolean, what: string): void {
    if (!met) this.violations.push(`enginelabs: ${what}`);
  }
}
