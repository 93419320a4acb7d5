import type { Duplex } from 'node:stream';
import { FrameReader, frameHead } from './frame.ts';
import type { Frame } from './frame.ts';

/** What comes in over a {@link FrameLink}. */
export interface LinkListener {
  onFrame(frame: Frame): void;
  /** The other side sent what is no frame, or what `onFrame` threw at; the link is closed. */
  onJunk(error: unknown): void;
  /** Nothing comes any more. Called once. */
  onClose(): void;
}

/** Sends and receives frames over a socket; what is sent in one turn leaves together. */
export class FrameLink {
  readonly #socket: Duplex;
  #corked = false;
  #closed = false;
  /** Frames that were sent, for those who count. */
  sent = 0;
  received = 0;

  constructor(socket: Duplex, listener: LinkListener) {
    this.#socket = socket;
    const reader = new FrameReader((frame) => {
      this.received += 1;
      // A frame may close the link; what came with it is nobody's any more.
      if (!this.#closed) listener.onFrame(frame);
    });
    socket.on('data', (chunk: Buffer) => {
      try {
        if (!this.#closed) reader.take(chunk);
      } catch (error) {
        this.close();
        listener.onJunk(error);
      }
    });
    // What is wrong with it is told by its end.
    socket.on('error', () => undefined);
    socket.on('end', () => this.close());
    socket.once('close', () => {
      this.#closed = true;
      listener.onClose();
    });
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** What waits to be read by the other side, in bytes. */
  get waitingBytes(): number {
    return this.#socket.writableLength;
  }

  /** Sends; does nothing once it is closed: who waits for an answer is told of the end. */
  post(message: unknown, bytes?: Buffer): void {
    if (this.#closed) return;
    const socket = this.#socket;
    if (!this.#corked) {
      this.#corked = true;
      socket.cork();
      process.nextTick(this.#uncork);
    }
    this.sent += 1;
    socket.write(frameHead(message, bytes?.length ?? 0));
    if (bytes !== undefined && bytes.length > 0) socket.write(bytes);
  }

  close(): void {
    this.#closed = true;
    this.#socket.destroy();
  }

  readonly #uncork = (): void => {
    this.#corked = false;
    this.#socket.uncork();
  };
}
