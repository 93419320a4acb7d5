import { promises as nodeFiles } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { Writable } from 'node:stream';

/** What a log file needs of the file system; tests give a failing one. */
export type LogFiles = Pick<typeof nodeFiles, 'mkdir' | 'open' | 'rename'>;

/** How large a log may grow. */
export interface LogFileOptions {
  /** Size at which a new file is begun, in bytes. Default 10 MB. */
  readonly maxBytes?: number;
  /** How many files there are at most, the current one included. Default 5. */
  readonly maxFiles?: number;
  /** What may wait for a slow disk, in bytes; what comes on top is lost. Default 4 MiB. */
  readonly maxWaitingBytes?: number;
  readonly files?: LogFiles;
}

/**
 * A stream into a file (0600) that never fails and never waits: a full disk or a lost folder costs
 * lines, which are counted in the next line that can be written, and no more than that. Older files
 * are `NAME.1` to `NAME.4`.
 *
 * Winston's own file transport stops its logger for good when the file can't be opened or written.
 */
export class LogFile extends Writable {
  readonly #path: string;
  readonly #maxBytes: number;
  readonly #maxFiles: number;
  readonly #maxWaitingBytes: number;
  readonly #files: LogFiles;
  #handle: FileHandle | undefined;
  #size = 0;
  #lost = 0;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #work: Promise<void> | undefined;

  constructor(file: string, options: LogFileOptions = {}) {
    super({ decodeStrings: true });
    this.#path = file;
    this.#maxBytes = options.maxBytes ?? 10 * 1024 * 1024;
    this.#maxFiles = options.maxFiles ?? 5;
    this.#maxWaitingBytes = options.maxWaitingBytes ?? 4 * 1024 * 1024;
    this.#files = options.files ?? nodeFiles;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    if (this.#waitingBytes + chunk.length > this.#maxWaitingBytes) this.#lost += 1;
    else {
      this.#waiting.push(chunk);
      this.#waitingBytes += chunk.length;
      this.#work ??= this.#writeAll();
    }
    done();
  }

  override _final(done: () => void): void {
    void Promise.resolve(this.#work)
      .then(() => this.#close())
      .then(done);
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const lines = this.#waiting;
      this.#waiting = [];
      this.#waitingBytes = 0;
      await this.#append(lines);
    }
    this.#work = undefined;
  }

  async #append(lines: readonly Buffer[]): Promise<void> {
    const { length: count } = lines;
    const lost = this.#lost;
    try {
      const handle = await this.#open();
      const bytes = Buffer.concat(lost === 0 ? lines : [lostLine(lost), ...lines]);
      await handle.appendFile(bytes);
      this.#lost -= lost;
      this.#size += bytes.length;
      if (this.#size >= this.#maxBytes) await this.#rotate();
    } catch {
      this.#lost += count;
      // Opened anew the next time: the folder may be another by then.
      await this.#close();
    }
  }

  async #open(): Promise<FileHandle> {
    if (this.#handle !== undefined) return this.#handle;
    await this.#files.mkdir(path.dirname(this.#path), { recursive: true, mode: 0o700 });
    const handle = await this.#files.open(this.#path, 'a', 0o600);
    this.#handle = handle;
    const found = await handle.stat();
    // One that was there may be open to others.
    if (found.isFile() && (found.mode & 0o077) !== 0) await handle.chmod(0o600);
    this.#size = found.isFile() ? found.size : 0;
    return handle;
  }

  async #rotate(): Promise<void> {
    await this.#close();
    for (let index = this.#maxFiles - 1; index >= 1; index -= 1) {
      const from = index === 1 ? this.#path : `${this.#path}.${index - 1}`;
      await this.#files.rename(from, `${this.#path}.${index}`).catch(() => undefined);
    }
  }

  async #close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close().catch(() => undefined);
  }
}

function lostLine(count: number): Buffer {
  const record = {
    time: new Date().toISOString(),
    level: 'error',
    name: 'gateway',
    message: `${count} log lines could not be written to this file`,
  };
  // Begins a line of its own: the last thing written may be half a line.
  return Buffer.from(`\n${JSON.stringify(record)}\n`);
}
