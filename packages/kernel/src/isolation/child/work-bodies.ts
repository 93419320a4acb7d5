import type { Readable } from 'node:stream';

/** The bodies that a work has from the gateway: what the plugin has left of them ends with it. */
export class WorkBodies {
  readonly #bodies = new Set<Readable>();
  #over = false;

  /** One that comes when the work is over is nobody's. */
  add(body: Readable): void {
    if (this.#over) body.destroy();
    else this.#bodies.add(body);
  }

  delete(body: Readable): void {
    this.#bodies.delete(body);
  }

  close(): void {
    this.#over = true;
    for (const body of [...this.#bodies]) body.destroy();
    this.#bodies.clear();
  }
}
