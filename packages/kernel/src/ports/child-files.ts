/** Where one child's lines go. Neither waits nor fails: what can't be written is lost. */
export interface ChildLog {
  /** Where a person finds it, for sentences; absent: in the gateway's own log. */
  readonly file?: string;
  /** Writes one line, without its end; takes secrets out of it. */
  write(line: string): void;
  /** Resolves when everything is written, or can't be. */
  close(): Promise<void>;
}

/** Where what belongs to child processes is kept. */
export interface ChildFiles {
  /** Opens a child's log; bounded, whatever is written into it. */
  log(instanceId: string, child: string): ChildLog;
  /** The child's own folder, made where it is missing, for its owner alone. */
  folder(instanceId: string, child: string): Promise<string>;
}
