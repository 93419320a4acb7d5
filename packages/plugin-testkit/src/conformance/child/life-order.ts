import type { Dialect } from '@cliproxy/plugin-api';

/** What the process is to do that lets a plugin live and end. */
export interface LifeOrder {
  /** Of the plugin's package. */
  readonly folder: string;
  readonly config: object;
  /** Further top-level keys of the gateway's configuration. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly dialect: Dialect;
  /** Whether it is asked something. */
  readonly asks: boolean;
}
