import { createRequire } from 'node:module';
import type * as Tsyringe from 'tsyringe';
import type { Token } from './tokens.ts';

// Not by `import`: Node would search these packages for the names that they export, and spend more
// time and memory on that than on running them. The polyfill first: tsyringe throws without it.
const require = createRequire(import.meta.url);
require('reflect-metadata/lite');
const { container: root, instanceCachingFactory } = require('tsyringe') as typeof Tsyringe;

/** Gives out what the parts of the kernel are made of, by typed tokens. */
export interface Container {
  /**
   * Says how a thing is made; it is made at its first use and kept.
   *
   * @param make - must not wait; asynchronous work belongs before.
   * @param dispose - ends the thing; called only if it was made.
   * @throws Error when the token is taken in this container.
   */
  provide<T>(
    token: Token<T>,
    make: (from: Container) => T,
    dispose?: (made: T) => void | Promise<void>,
  ): void;
  /**
   * Gives the thing, from this container or an outer one.
   *
   * @throws Error when nobody provides it, or when it needs itself.
   */
  get<T>(token: Token<T>): T;
  /** Whether this container itself provides the token; outer ones are not asked. */
  has(id: string): boolean;
  /** A container whose things come and go apart from this one's. */
  child(): Container;
  /** Ends what was made, the last first. */
  dispose(): Promise<void>;
}

/** Makes an empty container. */
export function createContainer(): Container {
  return new TsyringeContainer(root.createChildContainer());
}

/**
 * tsyringe behind tokens and factories alone: decorators need a transpiler that writes metadata, and
 * tsyringe disposes only what it made from a class. See docs/adr/0006.
 */
class TsyringeContainer implements Container {
  readonly #inner: Tsyringe.DependencyContainer;
  readonly #release: (() => void | Promise<void>)[] = [];
  readonly #making: string[] = [];

  constructor(inner: Tsyringe.DependencyContainer) {
    this.#inner = inner;
  }

  provide<T>(
    token: Token<T>,
    make: (from: Container) => T,
    dispose?: (made: T) => void | Promise<void>,
  ): void {
    if (this.has(token.id)) throw new Error(`"${token.id}" is provided already`);
    const useFactory = instanceCachingFactory(() => {
      this.#making.push(token.id);
      try {
        const made = make(this);
        if (dispose !== undefined) this.#release.push(() => dispose(made));
        return made;
      } finally {
        this.#making.pop();
      }
    });
    this.#inner.register(token.id, { useFactory });
  }

  get<T>(token: Token<T>): T {
    // A circle would otherwise end as a stack overflow that names nobody.
    if (this.#making.includes(token.id)) {
      throw new Error(`"${token.id}" needs itself: ${[...this.#making, token.id].join(' → ')}`);
    }
    if (!this.#inner.isRegistered(token.id, true)) {
      throw new Error(`nothing provides "${token.id}"`);
    }
    return this.#inner.resolve<T>(token.id);
  }

  has(id: string): boolean {
    return this.#inner.isRegistered(id);
  }

  child(): Container {
    return new TsyringeContainer(this.#inner.createChildContainer());
  }

  async dispose(): Promise<void> {
    try {
      for (const release of this.#release.splice(0).reverse()) await release();
    } finally {
      await this.#inner.dispose();
    }
  }
}
