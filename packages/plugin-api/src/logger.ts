/** Writes to the gateway's log under the plugin's name. Fire and forget; secrets are masked. */
export interface Logger {
  /** For whoever looks into the plugin; not shown by default. */
  debug(message: string, fields?: object): void;
  /** What an operator may want to know. */
  info(message: string, fields?: object): void;
  /** What an operator should look at; work goes on. */
  warn(message: string, fields?: object): void;
  /** Something failed. What you throw is logged already: not both. */
  error(message: string, fields?: object): void;
}
