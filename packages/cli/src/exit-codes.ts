/** What the command line's exit codes mean. */
export const EXIT = Object.freeze({
  ok: 0,
  /** The thing asked for was tried and failed. */
  failed: 1,
  /** The command line itself is wrong. */
  usage: 2,
  /** The configuration is wrong (`EX_CONFIG` of sysexits). */
  config: 78,
});

/** Ends a command with a sentence for the person and an exit code. */
export class CommandError extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number = EXIT.failed) {
    super(message);
    this.name = 'CommandError';
    this.exitCode = exitCode;
  }
}
