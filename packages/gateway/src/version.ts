import { createRequire } from 'node:module';

/** The gateway's version, from its package.json. */
export const VERSION = (
  createRequire(import.meta.url)('../package.json') as { readonly version: string }
).version;
