import type { Duplex } from 'node:stream';
import { GatewayError } from '@cliproxy/plugin-api';
import type { Json } from '@cliproxy/plugin-api';

/** What comes in over a channel. */
export interface ChannelListener {
  /** @param bytes - its length as JSON. */
  onMessage(message: Json, bytes: number): void;
  /** A line that is no message; it is left out. */
  onJunk(): void;
  /** A message that is too long, and never ends perhaps: the channel is closed. */
  onOversize(): void;
}

/** What may wait to be sent to a child that does not read, in bytes. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024;
const LINE_FEED = 0x0a;

/**
 * The gateway's side of a child's channel: Node's IPC, one JSON text a line, read with bounds.
 *
 * Node's own parent side keeps a line of any length and throws, outside of every handler, at one
 * that is no JSON: a sick child would end the gateway.
 */
export class ChildChannel {
  readonly #socket: Duplex;
  readonly #maxBytes: number;
  readonly #listener: ChannelListener;
  /** The beginning of a line that has not ended. */
  #pieces: Buffer[] = [];
  #pieceBytes = 0;
  /** Told of what never reached the child. */
  readonly #unsent = new Set<(error: GatewayError) => void>();

  constructor(socket: Duplex, maxBytes: number, listener: ChannelListener) {
    this.#socket = socket;
    this.#maxBytes = maxBytes;
    this.#listener = listener;
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    // Whoever waits is told on close; what is wrong with the child is told by its end.
    socket.on('error', () => undefined);
    socket.once('close', () => this.#fail());
  }

  /**
   * Resolves once the child's side can take more.
   *
   * @throws GatewayError `PLUGIN_BAD_CHILD` for a message too long, `PLUGIN_CHILD_DOWN` when the
   *   child is gone or has not read for long.
   */
  async send(message: Json): Promise<void> {
    const line = Buffer.from(`${JSON.stringify(message)}\n`);
    if (line.length > this.#maxBytes) {
      throw new GatewayError(
        'PLUGIN_BAD_CHILD',
        `a message of ${line.length} bytes is longer than maxMessageBytes, ${this.#maxBytes}`,
      );
    }
    if (this.#socket.writableLength + line.length > MAX_WAITING_BYTES) {
      throw new GatewayError('PLUGIN_CHILD_DOWN', 'it does not read what it is sent');
    }
    await new Promise<void>((resolve, reject) => {
      this.#unsent.add(reject);
      this.#socket.write(line, (error) => {
        this.#unsent.delete(reject);
        if (error === undefined || error === null) resolve();
        else reject(gone());
      });
    });
  }

  /** Reads no more until {@link resume}; the child waits meanwhile. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    let begin = 0;
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, begin)) {
      if (!this.#keep(chunk.subarray(begin, end))) return;
      this.#line();
      begin = end + 1;
    }
    this.#keep(chunk.subarray(begin));
  }

  #keep(piece: Buffer): boolean {
    this.#pieceBytes += piece.length;
    if (this.#pieceBytes > this.#maxBytes) {
      this.#pieces = [];
      this.#socket.removeAllListeners('data');
      this.close();
      this.#listener.onOversize();
      return false;
    }
    if (piece.length > 0) this.#pieces.push(piece);
    return true;
  }

  #line(): void {
    const [first = Buffer.alloc(0), ...more] = this.#pieces;
    const line = more.length === 0 ? first : Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.#pieceBytes = 0;
    if (line.length === 0) return;
    let message: Json;
    try {
      message = JSON.parse(line.toString()) as Json;
    } catch {
      this.#listener.onJunk();
      return;
    }
    // Node's own, such as a handle to pass on, which nobody here takes.
    if (isInternal(message)) this.#listener.onJunk();
    else this.#listener.onMessage(message, line.length);
  }

  #fail(): void {
    for (const reject of this.#unsent) reject(gone());
    this.#unsent.clear();
  }
}

function gone(): GatewayError {
  return new GatewayError('PLUGIN_CHILD_DOWN', 'it has closed its channel');
}

function isInternal(message: Json): boolean {
  if (typeof message !== 'object' || message === null || !('cmd' in message)) return false;
  return typeof message.cmd === 'string' && message.cmd.startsWith('NODE_');
}
