/** Writes to the gateway's log under the plugin's name. Fire and forget; secrets are masked. */
export interface Logger {
  debug(message: string, fields?: object): void;
  info(message: string, fields?: object): void;
  warn(message: string, fields?: object): void;
  error(message: string, fields?: object): void;
}
