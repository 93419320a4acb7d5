import { open, readFile, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';

/** How many older files there may be: `NAME.1` and so on. */
const MAX_OLDER = 16;
/** Read at a time, in bytes. */
const CHUNK_BYTES = 256 * 1024;

/**
 * The lines of a log file and of those that were rotated away from it: first the last ones, then those
 * that come. A rotation loses none, as long as the file it was still exists under another name.
 */
export class LogTail {
  readonly #file: string;
  #handle: FileHandle | undefined;
  #inode = 0;
  #offset = 0;
  #rest = Buffer.alloc(0);

  constructor(file: string) {
    this.#file = file;
  }

  /**
   * The last lines that are wanted, the oldest first; what comes later is for {@link LogTail.next}.
   *
   * @param count - at most so many.
   */
  async last(count: number, wants: (line: string) => boolean): Promise<readonly string[]> {
    let lines = (await this.next()).filter(wants);
    for (let index = 1; lines.length < count && index <= MAX_OLDER; index += 1) {
      const older = await readOlder(`${this.#file}.${index}`, this.#inode);
      if (older === undefined) break;
      lines = [...older.filter(wants), ...lines];
    }
    return count === 0 ? [] : lines.slice(-count);
  }

  /** The whole lines that have come since. */
  async next(): Promise<readonly string[]> {
    if (this.#handle === undefined && !(await this.#open())) return [];
    const lines = await this.#read();
    const now = await stat(this.#file).catch(() => undefined);
    if (now === undefined) return lines;
    if (now.ino === this.#inode) {
      // Emptied: it is read from its beginning.
      if (now.size < this.#offset) this.#offset = 0;
      return lines;
    }
    // What was written to the former file after it was read, and before it was put aside.
    lines.push(...(await this.#read()));
    for (const older of await this.#between()) {
      lines.push(...linesOf(await readFile(older).catch(() => Buffer.alloc(0))));
    }
    await this.close();
    if (await this.#open()) lines.push(...(await this.#read()));
    return lines;
  }

  async close(): Promise<void> {
    await this.#handle?.close();
    this.#handle = undefined;
    this.#offset = 0;
    this.#rest = Buffer.alloc(0);
  }

  async #open(): Promise<boolean> {
    try {
      this.#handle = await open(this.#file, 'r');
    } catch {
      return false;
    }
    this.#inode = (await this.#handle.stat()).ino;
    return true;
  }

  async #read(): Promise<string[]> {
    const lines: string[] = [];
    for (;;) {
      const buffer = Buffer.alloc(CHUNK_BYTES);
      const read = await this.#handle?.read(buffer, 0, CHUNK_BYTES, this.#offset);
      if (read === undefined || read.bytesRead === 0) return lines;
      this.#offset += read.bytesRead;
      const bytes = Buffer.concat([this.#rest, buffer.subarray(0, read.bytesRead)]);
      const end = bytes.lastIndexOf(0x0a) + 1;
      this.#rest = bytes.subarray(end);
      lines.push(...linesOf(bytes.subarray(0, end)));
    }
  }

  /** The files that came after the one being read and were put aside as well, the oldest first. */
  async #between(): Promise<readonly string[]> {
    const newer: string[] = [];
    for (let index = 1; index <= MAX_OLDER; index += 1) {
      const file = `${this.#file}.${index}`;
      const found = await stat(file).catch(() => undefined);
      if (found === undefined || found.ino === this.#inode) break;
      newer.unshift(file);
    }
    return newer;
  }
}

/** Lines of a file that was put aside; none of the one that is read already. */
async function readOlder(file: string, inode: number): Promise<readonly string[] | undefined> {
  try {
    if ((await stat(file)).ino === inode) return [];
    return linesOf(await readFile(file));
  } catch {
    return undefined;
  }
}

function linesOf(bytes: Buffer): string[] {
  const lines = bytes.toString('utf8').split('\n');
  return lines.filter((line) => line !== '');
}
