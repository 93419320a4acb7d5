/** Something wrong with the configuration or a plugin, for a person to mend. */
export interface Problem {
  /** A code of the error table. */
  readonly code: string;
  /** Names the thing, the value and the remedy, in one or two sentences. */
  readonly message: string;
  /** The plugin instance concerned, if it is one. */
  readonly instanceId?: string;
  /** JSON pointer into the configuration, for example `/plugins/echo/config/paceMs`. */
  readonly pointer?: string;
  /** True: the key is what's wrong (position of the key); false or absent: its value. */
  readonly atKey?: boolean;
  /** What threw, if something did. */
  readonly cause?: unknown;
}
