import type { Duplex } from 'node:stream';
import { GatewayError } from '@cliproxy/plugin-api';
import type {
  AccountRegistry,
  HttpClient,
  Logger,
  ModelInfo,
  WireReply,
} from '@cliproxy/plugin-api';
import type { GatewayAsks, GatewayNews, ProcessAsks, ProcessNews, SentMark } from './border.ts';
import { fieldsOf } from './channel/log-fields.ts';
import { markReply, replyOf, requestOf } from './channel/marks.ts';
import { Peer } from './channel/peer.ts';
import type { Service } from './channel/peer.ts';
import { fromPlain } from './channel/plain-value.ts';
import { Streams } from './channel/streams.ts';
import type { ProcessPeer } from './process-peer.ts';
import { ProcessWorks } from './process-works.ts';
import type { ProcessWork } from './process-works.ts';

/** What a {@link ProcessSession} gives to the process, and whom it tells. */
export interface SessionParts {
  readonly logger: Logger;
  /** What the plugin itself may use; absent before its set-up, and where it asked for none. */
  readonly services: () => { readonly http?: HttpClient; readonly accounts?: AccountRegistry };
  readonly onPong: (unlisted: Pick<ModelInfo, 'lacks' | 'refuses'> | undefined) => void;
  /** It sent what makes no sense. */
  readonly onJunk: (error: unknown) => void;
  /** It has closed its end. */
  readonly onClose: () => void;
}

const LEVELS: readonly unknown[] = ['debug', 'info', 'warn', 'error'];
const MAX_ACCOUNTS = 10_000;
const GONE = 'the process of its plugin has ended';

/** The gateway's dealings with one process of an isolated plugin, from its start to its end. */
export class ProcessSession {
  readonly peer: ProcessPeer;
  readonly works: ProcessWorks;
  readonly streams: Streams;
  readonly #parts: SessionParts;
  /** Of requests that have a signal of their own, by the question. */
  readonly #cancels = new Map<number, AbortController>();
  /** Accounts that came with this process, and go with it. */
  readonly #attached = new Set<string>();
  #ended = false;

  constructor(socket: Duplex, parts: SessionParts) {
    this.#parts = parts;
    this.peer = new Peer<ProcessAsks, ProcessNews, GatewayAsks, GatewayNews>(socket, {
      asks: this.#asks(),
      news: this.#news(),
      onJunk: parts.onJunk,
      onClose: parts.onClose,
    });
    this.streams = new Streams(this.peer);
    this.works = new ProcessWorks(this.peer);
  }

  /**
   * What the executor sent, with its body: the upstream's own where the plugin left it alone.
   *
   * @param onOver - the body is over.
   * @returns the sentence that says what it is, where it is no reply.
   */
  sentReply(mark: SentMark, onOver: () => void): WireReply | string {
    if (mark.kind === 'junk') return mark.what;
    const { reply } = mark;
    const lent = reply.body;
    if (mark.kind === 'lent') {
      return replyOf(reply, this.streams.borrowBody(lent, onOver));
    }
    const body = this.streams.reclaim(lent);
    if (body === undefined) return 'gave a reply whose body is gone';
    const over = (): void => {
      if (mark.listens) this.peer.tell('finished', { lent, whole: body.readableEnded });
      onOver();
    };
    if (body.closed) queueMicrotask(over);
    else body.once('close', over);
    return replyOf(reply, body);
  }

  /** The process is gone. What it had under way fails; answers that need it no more go on. */
  async end(error: GatewayError): Promise<void> {
    this.#ended = true;
    this.peer.end(error);
    this.streams.close(error);
    this.works.closeAll();
    for (const cancel of this.#cancels.values()) cancel.abort(error);
    this.#cancels.clear();
    const { accounts } = this.#parts.services();
    const ids = [...this.#attached];
    this.#attached.clear();
    for (const id of ids) {
      await accounts?.detach(id, GONE).catch(() => undefined);
    }
  }

  #asks(): Service<GatewayAsks, GatewayNews>['asks'] {
    return {
      http: async ({ work, request, own }, bytes, question) => {
        const { http, signal, body } = this.#work(work);
        if (http === undefined) throw overdue();
        const outgoing = requestOf({ value: request, bytes }, body);
        this.works.noteOrigin(outgoing, question);
        if (own && signal !== undefined) {
          return { value: this.#lend(await http.request(outgoing, signal)) };
        }
        const cancel = new AbortController();
        this.#cancels.set(question, cancel);
        const forget = (): void => void this.#cancels.delete(question);
        try {
          const reply = await http.request(outgoing, cancel.signal);
          if (reply.body.closed) forget();
          else reply.body.once('close', forget);
          return { value: this.#lend(reply) };
        } catch (error) {
          forget();
          throw error;
        }
      },
      authorize: async ({ work, request }, _bytes, question) => {
        const { authorize } = this.#work(work);
        if (authorize === undefined) throw overdue();
        const outgoing = requestOf({ value: { ...request, body: 'none' } }, undefined);
        this.works.noteOrigin(outgoing, question);
        const { method, url, headers, body } = await authorize(outgoing);
        const mark = { method, url, headers };
        if (body === undefined) return { value: { ...mark, body: 'same' } };
        return { value: { ...mark, body: 'bytes' }, bytes: body };
      },
      attach: async ({ account }) => {
        const { accounts } = this.#parts.services();
        if (accounts === undefined) throw overdue();
        if (this.#attached.size >= MAX_ACCOUNTS) {
          throw new GatewayError('PLUGIN_BAD_ACCOUNT', `more than ${MAX_ACCOUNTS} accounts`);
        }
        const attached = await accounts.attach(fromPlain(account) as never);
        if (this.#ended) await accounts.detach(attached.id, GONE);
        else this.#attached.add(attached.id);
        return { value: attached };
      },
      detach: async ({ accountId, reason }) => {
        this.#attached.delete(accountId);
        await this.#parts.services().accounts?.detach(accountId, reason);
        return { value: true };
      },
      redirectUri: async ({ work, wish }) => {
        const { session } = this.#work(work);
        if (session === undefined) throw overdue();
        return { value: await session.redirectUri(wish) };
      },
      callback: async ({ work }) => {
        const { session } = this.#work(work);
        if (session === undefined) throw overdue();
        return { value: await session.callback() };
      },
    };
  }

  #news(): Service<GatewayAsks, GatewayNews>['news'] {
    return {
      pull: (value) => this.streams.news.pull(value),
      drop: (value) => this.streams.news.drop(value),
      chunk: (value, bytes) => this.streams.news.chunk(value, bytes),
      end: (value) => this.streams.news.end(value),
      broken: (value) => this.streams.news.broken(value),
      pong: ({ unlisted }) => this.#parts.onPong(unlisted),
      log: ({ level, message, fields }) => {
        if (!LEVELS.includes(level)) return;
        this.#parts.logger[level](message, fieldsOf(fields));
      },
      cancel: ({ question }) => {
        this.#cancels.get(question)?.abort(new Error('the plugin has cancelled it'));
        this.#cancels.delete(question);
      },
      open: ({ work, url }) => this.#show(work, (session) => session.open(url)),
      showCode: ({ work, url, code }) => {
        this.#show(work, (session) => session.showCode(url, code));
      },
      progress: ({ work, text }) => this.#show(work, (session) => session.progress(text)),
    };
  }

  #show(id: number, show: (session: NonNullable<ProcessWork['session']>) => void): void {
    const { session, onFault } = this.#work(id);
    if (session === undefined) return;
    try {
      show(session);
    } catch (error) {
      onFault?.(error as Error);
    }
  }

  /** 0: what the plugin does on its own account. */
  #work(id: number): Partial<ProcessWork> {
    return (id === 0 ? this.#parts.services() : this.works.get(id)) ?? {};
  }

  #lend(reply: WireReply): GatewayAsks['http']['answer'] {
    return markReply(reply, this.streams.lendBody(reply.body));
  }
}

function overdue(): GatewayError {
  return new GatewayError(
    'PLUGIN_FAULT',
    'the plugin used what it was given for a call after that call was over',
  );
}
