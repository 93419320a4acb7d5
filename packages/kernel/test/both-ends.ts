import { Duplex } from 'node:stream';

/** One of two ends of a connection in memory, with back-pressure in both directions. */
class End extends Duplex {
  other: End | undefined;
  #onRead: (() => void) | undefined;

  override _read(): void {
    const onRead = this.#onRead;
    this.#onRead = undefined;
    onRead?.();
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    // Later, as it would come from another process.
    setImmediate(() => {
      const { other } = this;
      if (other === undefined || other.destroyed || other.push(chunk)) done();
      else other.#onRead = done;
    });
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    setImmediate(() => this.other?.destroy());
    done(error);
  }
}

/** A connection in memory: one on the machine would be seen by those who watch connections. */
export function bothEnds(): readonly [Duplex, Duplex] {
  const [one, other] = [new End(), new End()];
  [one.other, other.other] = [other, one];
  return [one, other];
}
