import { StringDecoder } from 'node:string_decoder';
import type { Readable } from 'node:stream';
import type { ChildLog } from '../ports/child-files.ts';
import type { Clock } from '../ports/clock.ts';

/** So much is read in a second, in bytes; a child that prints more waits. */
const BYTES_PER_SECOND = 1024 * 1024;
/** A longer line loses its end, in characters. */
const MAX_LINE = 16 * 1024;
/** Begins Node's own last words, such as those on a heap that is full. */
const FATAL = 'FATAL ERROR: ';

/** What an {@link OutputLog} works with. */
export interface OutputLogOptions {
  readonly log: ChildLog;
  readonly clock: Clock;
}

/**
 * Brings what a child prints into its log, line by line. One that floods is
 * slowed by its own pipe: nothing is lost, no disk is filled, and the gateway has time for others.
 */
export class OutputLog {
  readonly #options: OutputLogOptions;
  readonly #streams = new Set<Readable>();
  #lastLine: string | undefined;
  /** Bytes that may be read at once. */
  #budget = BYTES_PER_SECOND;
  #countedMs: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: OutputLogOptions) {
    this.#options = options;
    this.#countedMs = options.clock.monotonic();
  }

  /** Where a person finds it. */
  get file(): string | undefined {
    return this.#options.log.file;
  }

  /**
   * What the process that runs, or ran last, has printed last, or why Node itself has ended it; secrets may
   * be in it.
   */
  get lastLine(): string | undefined {
    return this.#lastLine;
  }

  /** A new process: what it says last is not what the former one did. */
  begin(pid: number): void {
    this.#lastLine = undefined;
    this.note(`started, PID ${pid}`);
  }

  /** Writes a line of the gateway's own. */
  note(text: string): void {
    this.#options.log.write(`--- ${text}`);
  }

  /** Takes a stream of the process until it ends. */
  take(stream: Readable): void {
    const lines = new Lines((line) => {
      if (line.trim() === '') return;
      // What Node prints after it, a list of addresses, tells nobody anything.
      if (this.#lastLine?.startsWith(FATAL) !== true) this.#lastLine = line;
      this.#options.log.write(line);
    });
    this.#streams.add(stream);
    stream.on('data', (chunk: Buffer) => {
      this.#count(chunk.length);
      lines.take(chunk);
    });
    stream.on('error', () => undefined);
    stream.once('close', () => {
      this.#streams.delete(stream);
      lines.end();
    });
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    for (const stream of this.#streams) stream.destroy();
    await this.#options.log.close();
  }

  #count(bytes: number): void {
    const nowMs = this.#options.clock.monotonic();
    const earned = ((nowMs - this.#countedMs) / 1000) * BYTES_PER_SECOND;
    this.#countedMs = nowMs;
    this.#budget = Math.min(BYTES_PER_SECOND, this.#budget + earned) - bytes;
    if (this.#budget >= 0 || this.#timer !== undefined) return;
    for (const stream of this.#streams) stream.pause();
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        for (const stream of this.#streams) stream.resume();
      },
      Math.ceil((-this.#budget / BYTES_PER_SECOND) * 1000),
    );
  }
}

/** Parts a stream of bytes into lines, and forgets what a line has too much. */
class Lines {
  readonly #onLine: (line: string) => void;
  readonly #decoder = new StringDecoder('utf8');
  #begun = '';
  #open = false;

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  take(chunk: Buffer): void {
    const pieces = this.#decoder.write(chunk).split(/\r?\n|\r/u);
    const last = pieces.pop() ?? '';
    for (const piece of pieces) {
      this.#add(piece);
      this.#end();
    }
    if (last !== '') this.#add(last);
  }

  end(): void {
    this.#add(this.#decoder.end());
    if (this.#open && this.#begun !== '') this.#end();
  }

  #add(piece: string): void {
    this.#open = true;
    const room = MAX_LINE - this.#begun.length;
    if (room > 0) this.#begun += piece.slice(0, room);
  }

  #end(): void {
    const line = this.#begun;
    this.#begun = '';
    this.#open = false;
    this.#onLine(line);
  }
}
