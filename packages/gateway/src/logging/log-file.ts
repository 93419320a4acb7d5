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
  /** Whose log it is, for the line that counts lost ones. Default `gateway`. */
  readonly name?: string;
  /** What may wait for a slow disk, in bytes; what comes on top is lost. Default 4 MiB. */
  readonly maxWaitingBytes?: number;
  readonly files?: LogFiles;
}

/** How long the end of a log may wait for a slow disk, in milliseconds. */
const FINISH_MS = 2000;

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
  readonly #name: string;
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
    this.#name = options.name ?? 'gateway';
    this.#maxWaitingBytes = options.maxWaitingBytes ?? 4 * 1024 * 1024;
    this.#files = options.files ?? nodeFiles;
  }

  /** Ends it; resolves when everything is written, or can't be within two seconds. */
  async finish(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, FINISH_MS);
      this.end(() => {
        clearTimeout(timer);
        resolve();
      });
    });
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
    let written = 0;
    try {
      while (written < lines.length) {
        const handle = await this.#open();
        const lost = this.#lost;
        const count = this.#fitting(lines, written);
        if (count === 0) await this.#rotate();
        else {
          const batch = lines.slice(written, written + count);
          const bytes = Buffer.concat(lost === 0 ? batch : [lostLine(lost, this.#name), ...batch]);
          await handle.appendFile(bytes);
          this.#lost -= lost;
          this.#size += bytes.length;
          written += count;
        }
      }
      if (this.#size >= this.#maxBytes) await this.#rotate();
    } catch {
      this.#lost += lines.length - written;
      // Opened anew the next time: the folder may be another by then.
      await this.#close();
    }
  }

  /** How many lines the file has room for; an empty one always has for one. */
  #fitting(lines: readonly Buffer[], from: number): number {
    let room = this.#maxBytes - this.#size;
    let count = 0;
    for (let index = from; index < lines.length; index += 1) {
      room -= lines[index]?.length ?? 0;
      if (room < 0) break;
      count += 1;
    }
    return count === 0 && this.#size === 0 ? 1 : count;
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

  /** @throws when the full file can't be put aside: it must not grow on. */
  async #rotate(): Promise<void> {
    await this.#close();
    for (let index = this.#maxFiles - 1; index >= 1; index -= 1) {
      const to = `${this.#path}.${index}`;
      if (index === 1) await this.#files.rename(this.#path, to);
      else await this.#files.rename(`${this.#path}.${index - 1}`, to).catch(() => undefined);
    }
  }

  async #close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close().catch(() => undefined);
  }
}

function lostLine(count: number, name: string): Buffer {
  const record = {
    time: new Date().toISOString(),
    level: 'error',
    name,
    message: `${count} log lines could not be written to this file`,
  };
  // Begins a line of its own: the last thing written may be half a line.
  return Buffer.from(`\n${JSON.stringify(record)}\n`);
}
