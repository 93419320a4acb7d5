import type { Logger } from '@cliproxy/plugin-api';

/** Gives each part its own logger. */
export interface Loggers {
  /** @param name - `kernel`, or a plugin instance's id. */
  logger(name: string): Logger;
}
