import type { Readable } from 'node:stream';
import { GatewayError } from '@cliproxy/plugin-api';
import { bytesOf } from '../../dispatch/wire-reply.ts';
import type { Lent, StreamTeller } from './stream-news.ts';
import { errorToWire } from './wire-error.ts';

/** A body that the other side may read. It is left alone until that side asks for its first bytes. */
export class LentBody implements Lent {
  readonly #body: Readable;
  readonly #id: number;
  readonly #teller: StreamTeller;
  readonly #onOver: () => void;
  #credit = 0;
  #begun = false;
  #over = false;
  #fault: Error | undefined;

  constructor(body: Readable, id: number, teller: StreamTeller, onOver: () => void) {
    this.#body = body;
    this.#id = id;
    this.#teller = teller;
    this.#onOver = onOver;
    // Listened to from here on: an error that nobody hears ends the process.
    body.on('error', this.#onError);
  }

  /** The body, for another reader; undefined once it was read from or is over. */
  takeBack(): Readable | undefined {
    if (this.#begun || this.#over) return undefined;
    this.#over = true;
    return this.#body;
  }

  pull(bytes: number): void {
    if (this.#over) return;
    this.#credit += bytes;
    if (this.#begun) {
      if (this.#credit > 0) this.#body.resume();
    } else this.#begin();
  }

  drop(): void {
    this.#finish();
    this.#body.destroy();
  }

  #begin(): void {
    this.#begun = true;
    const body = this.#body;
    if (this.#fault !== undefined) {
      this.#onError(this.#fault);
      return;
    }
    body.on('end', this.#onEnd);
    body.on('close', this.#onClose);
    body.on('data', this.#onData);
    body.resume();
    if (body.readableEnded) this.#onEnd();
    else if (body.destroyed) this.#onClose();
  }

  readonly #onData = (chunk: unknown): void => {
    if (this.#over) return;
    const bytes = bytesOf(chunk);
    if (bytes === undefined) {
      const message = 'the plugin gave a body that does not hold bytes';
      this.#onError(new GatewayError('PLUGIN_FAULT', message));
      this.#body.destroy();
      return;
    }
    this.#credit -= bytes.length;
    if (this.#credit <= 0) this.#body.pause();
    this.#teller.tell('chunk', { borrowed: this.#id }, bytes);
  };

  readonly #onEnd = (): void => {
    if (!this.#over) this.#teller.tell('end', { borrowed: this.#id });
    this.#finish();
  };

  readonly #onClose = (): void => {
    if (!this.#over) this.#teller.tell('broken', { borrowed: this.#id });
    this.#finish();
  };

  readonly #onError = (error: Error): void => {
    this.#fault = error;
    if (this.#over || !this.#begun) return;
    this.#teller.tell('broken', { borrowed: this.#id, error: errorToWire(error) });
    this.#finish();
  };

  #finish(): void {
    this.#over = true;
    this.#onOver();
  }
}
