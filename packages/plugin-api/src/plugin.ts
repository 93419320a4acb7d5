import type { ConfigSchema } from './config-schema.ts';
import type { Contributions } from './contributions.ts';
import type { Logger } from './logger.ts';
import type { ServiceRef } from './services.ts';

/** What `setup` is given. */
export interface PluginContext<C> {
  /** The manifest's id. */
  readonly pluginId: string;
  /** The key under `plugins:` in the configuration; one package can be mounted many times. */
  readonly instanceId: string;
  /** Checked against the schema, defaults filled in, frozen. */
  readonly config: Readonly<C>;
  readonly logger: Logger;
  /** Aborted when the instance is to end. */
  readonly signal: AbortSignal;
  /** Registers something to release; last in, first out. */
  readonly onDispose: (release: () => void | Promise<void>) => void;
}

/** The services a plugin asks for, by the names it gives them. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a ref of any type is meant: ServiceRef is invariant
export type Refs = Readonly<Record<string, ServiceRef<any>>>;

/** The services a plugin is given, by the names it gave them. */
export type Deps<D extends Refs> = {
  readonly [K in keyof D]: D[K] extends ServiceRef<infer T> ? T : never;
};

/** What a plugin is made of. */
export interface PluginOptions<C, D extends Refs> {
  readonly config: ConfigSchema<C>;
  readonly deps?: D;
  /** Makes one instance. 10 s; a throw leaves the instance `failed`. */
  setup(context: PluginContext<C>, deps: Deps<D>): Contributions | Promise<Contributions>;
}

/** A plugin, as its package exports it by default. Only the kernel looks inside. */
export interface GatewayPlugin {
  readonly $$type: '@cliproxy/plugin';
  /** The contract's version that it was built with, `major.minor`. */
  readonly apiVersion: string;
}
