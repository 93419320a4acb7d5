import { CLOSE_REPLACED, credentialPrefixes, SUBPROTOCOL_V2 } from '../envelope/v2.ts';
import { keptValues } from './kept-values.ts';
import type { KeptValues } from './kept-values.ts';
import { PageCalls } from './page-calls.ts';
import type { CallCounter } from './page-calls.ts';
import type { RelayOptions, RelayStatus } from './relay-options.ts';
import type { Speaker } from './speaker.ts';
import { speakV1 } from './speak-v1.ts';
import { speakV2 } from './speak-v2.ts';

const FIRST_RETRY_MS = 1_000;
const MAX_RETRY_MS = 30_000;
/** Before the gateway says how often it asks. */
const FIRST_WORD_MS = 15_000;
/** So many of its pings may be lost. */
const LOST_PINGS = 3;

/** A page at work for a gateway: connects, asks what it is told to, and connects again. */
export class RelayPage implements CallCounter {
  readonly options: RelayOptions;
  readonly #kept: KeptValues;
  readonly #onStatus: (status: RelayStatus) => void;
  #status: RelayStatus = {
    state: 'waiting',
    sinceMs: Date.now(),
    running: 0,
    answered: 0,
    failed: 0,
  };
  #socket: WebSocket | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #watch: ReturnType<typeof setTimeout> | undefined;
  #silenceMs: number | undefined = FIRST_WORD_MS;
  #failures = 0;
  /** In this life of the page. */
  #ticketUsed = false;

  /** Begins at once. */
  constructor(options: RelayOptions, onStatus: (status: RelayStatus) => void = () => undefined) {
    this.options = options;
    this.#onStatus = onStatus;
    this.#kept = keptValues(`${options.url} ${options.profile ?? ''}`);
    this.#connect();
  }

  get status(): RelayStatus {
    return this.#status;
  }

  /** Leaves for good. */
  stop(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#watch);
    this.#set({ state: 'stopped' });
    this.#socket?.close(1000, 'the page was told to stop');
  }

  begun(): void {
    this.#set({ running: this.#status.running + 1 });
  }

  over(fault?: { readonly message: string }): void {
    const { running, answered, failed } = this.#status;
    this.#set(
      fault === undefined
        ? { running: running - 1, answered: answered + 1 }
        : { running: running - 1, failed: failed + 1, lastError: fault.message },
    );
  }

  #connect(): void {
    this.#set({ state: 'connecting' });
    let socket: WebSocket;
    try {
      socket = this.#open();
    } catch (error) {
      // An address that is none, or `ws:` from a page of `https:`.
      this.#again(`the gateway can't be asked: ${String(error)}`);
      return;
    }
    this.#socket = socket;
    socket.binaryType = 'arraybuffer';
    const speaker = this.#speaker(socket);
    socket.onopen = () => {
      this.#heard();
      speaker.opened();
    };
    socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      try {
        speaker.received(data);
      } catch (error) {
        socket.close(4002, String(error).slice(0, 100));
      }
    };
    let gone = false;
    socket.onclose = ({ code, reason }) => {
      if (gone) return;
      gone = true;
      clearTimeout(this.#watch);
      speaker.closed();
      if (this.#status.state === 'stopped') return;
      if (code === CLOSE_REPLACED) {
        this.#set({ state: 'stopped', lastError: 'the same page is open elsewhere' });
        return;
      }
      this.#again(whyClosed(code, reason));
    };
    this.#heard();
  }

  #open(): WebSocket {
    const { url, version, credential } = this.options;
    if (version === 2) {
      return new WebSocket(url, [SUBPROTOCOL_V2, this.#credential()]);
    }
    const address = new URL(url);
    // By which cliproxy knows the page again; other gateways ignore it.
    address.searchParams.set('client', this.#clientId());
    if (credential !== '') address.searchParams.set('auth_token', credential);
    return new WebSocket(address);
  }

  /** A ticket counts once; from then on, also when the page is loaded anew, what the welcome brought. */
  #credential(): string {
    const { credential } = this.options;
    if (!credential.startsWith(credentialPrefixes.ticket)) return credential;
    const used = this.#ticketUsed || this.#kept.get('ticket') === credential;
    this.#ticketUsed = true;
    const resume = used ? this.#kept.get('resume') : undefined;
    return resume === undefined ? credential : `${credentialPrefixes.resume}${resume}`;
  }

  #speaker(socket: WebSocket): Speaker {
    const { version, allowedOrigins, profile } = this.options;
    const onSign = (): void => this.#heard();
    if (version === 1) {
      // Answers of version 1 come when they like: silence says nothing.
      const onWelcome = (): void => this.#welcome(undefined);
      return speakV1({ socket, calls: new PageCalls(allowedOrigins, this), onSign, onWelcome });
    }
    return speakV2({
      socket,
      calls: new PageCalls(allowedOrigins, this),
      clientId: this.#clientId(),
      ...(profile === undefined ? {} : { profile }),
      onSign,
      onWelcome: ({ resume, pingMs }) => {
        this.#kept.set('resume', resume);
        this.#kept.set('ticket', this.options.credential);
        this.#welcome(pingMs * LOST_PINGS);
      },
    });
  }

  #clientId(): string {
    const kept = this.#kept.get('client');
    if (kept !== undefined) return kept;
    const made = [...crypto.getRandomValues(new Uint8Array(12))]
      .map((byte) => byte.toString(16).padStart(2, '0'))
      .join('');
    this.#kept.set('client', made);
    return made;
  }

  #welcome(silenceMs: number | undefined): void {
    this.#failures = 0;
    this.#silenceMs = silenceMs;
    this.#heard();
    this.#set({ state: 'connected' });
  }

  /** A connection whose other end is gone is open for minutes, as far as the browser knows. */
  #heard(): void {
    clearTimeout(this.#watch);
    if (this.#silenceMs === undefined) return;
    const socket = this.#socket;
    this.#watch = setTimeout(() => socket?.close(4000, 'silence'), this.#silenceMs);
  }

  #again(why: string): void {
    this.#socket = undefined;
    this.#silenceMs = FIRST_WORD_MS;
    const wait = Math.min(FIRST_RETRY_MS * 2 ** this.#failures, MAX_RETRY_MS);
    this.#failures += 1;
    this.#set({ state: 'waiting', lastError: why });
    // Many pages of one gateway are not to come back at the same moment.
    this.#timer = setTimeout(() => this.#connect(), wait * (0.75 + Math.random() / 2));
  }

  #set(change: Partial<RelayStatus>): void {
    if (this.#status.state === 'stopped' && change.state !== undefined) return;
    const turned = change.state !== undefined && change.state !== this.#status.state;
    this.#status = { ...this.#status, ...change, ...(turned ? { sinceMs: Date.now() } : {}) };
    this.#onStatus(this.#status);
  }
}

function whyClosed(code: number, reason: string): string {
  if (reason !== '') return `the gateway closed the connection: ${reason} (${code})`;
  if (code === 1006) return 'no connection: the gateway is not there, or does not take this page';
  return `the connection was closed (${code})`;
}
