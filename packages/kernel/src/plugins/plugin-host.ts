import type { GatewayPlugin } from '@cliproxy/plugin-api';
import type { ApplyResult } from '../kernel.ts';
import type { Clock } from '../ports/clock.ts';
import type { EventSink } from '../ports/event-sink.ts';
import type { Loggers } from '../ports/loggers.ts';
import type { SchemaChecker } from '../ports/schema-checker.ts';
import type { SecretRegistry } from '../ports/secret-registry.ts';
import type { KernelSettings } from '../ports/settings.ts';
import type { PluginInstance } from './plugin-instance.ts';

/** A plugin that is given in memory instead of being looked for; for tests and embedding. */
export interface PreloadedPlugin {
  /** What `package` in the configuration names. */
  readonly packageName: string;
  /** Its package.json, with the manifest under `cliproxyPlugin`; checked as usual. */
  readonly packageJson: unknown;
  /** Its default export. */
  readonly plugin: GatewayPlugin;
}

/** How long plugins may take, in milliseconds. */
export interface PluginLimits {
  readonly importMs: number;
  readonly setupMs: number;
  readonly startMs: number;
  readonly stopMs: number;
  /** Longest wait for a replaced instance's last call. */
  readonly drainMs: number;
}

/** What the plugin host works with. */
export interface PluginHostOptions {
  readonly loggers: Loggers;
  readonly secrets: SecretRegistry;
  readonly checker: SchemaChecker;
  readonly clock: Clock;
  readonly sink: EventSink;
  /** Absolute folder from which plugins are looked for after the configuration's. */
  readonly fallbackDir: string;
  /** The gateway's version, for `user-agent`. */
  readonly version: string;
  readonly preloaded?: readonly PreloadedPlugin[];
  readonly limits?: Partial<PluginLimits>;
}

/** Finds, sets up, replaces and ends plugin instances. */
export class PluginHost {
  constructor(options: PluginHostOptions) {
    void options;
  }

  /** Brings the configured instances into force, all together or not at all. */
  async apply(settings: KernelSettings): Promise<ApplyResult> {
    void settings;
    throw new Error('not there yet');
  }

  /** All configured instances in their order; the array is replaced, never changed. */
  instances(): readonly PluginInstance[] {
    throw new Error('not there yet');
  }

  /** Each set-up instance's configuration schema, by instance id. */
  schemas(): Readonly<Record<string, object>> {
    throw new Error('not there yet');
  }

  /** Calls back after instances or their accounts changed. @returns what ends it. */
  onChange(listener: () => void): () => void {
    void listener;
    throw new Error('not there yet');
  }

  /** Ends all instances, in reverse order, within the deadline. */
  async stop(deadlineMs: number): Promise<void> {
    void deadlineMs;
    throw new Error('not there yet');
  }
}
