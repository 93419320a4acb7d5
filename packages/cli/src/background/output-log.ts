import {
  closeSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  renameSync,
  statSync,
} from 'node:fs';
import type { Gateway } from '@cliproxy/gateway';
import { GATEWAY_LOG, OUTPUT_LOG, logFileOf, logFolder } from '@cliproxy/gateway/data-place';

/** What a detached router's own output may fill, in bytes; its log goes elsewhere. */
const MAX_BYTES = 1024 * 1024;
/** How often that is looked at, in milliseconds. */
const LOOK_MS = 500;

/**
 * Opens the file for what a detached router prints besides its log, such as Node's own report when
 * memory runs out. That of the former router is kept beside it.
 *
 * @returns undefined where there can be none; the router itself says why when it opens the folder.
 */
export function openOutput(dataFolder: string): { readonly fd: number; close(): void } | undefined {
  const file = logFileOf(dataFolder, OUTPUT_LOG);
  try {
    mkdirSync(logFolder(dataFolder), { recursive: true, mode: 0o700 });
    if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > 0) renameSync(file, `${file}.1`);
    const fd = openSync(file, 'a', 0o600);
    return { fd, close: () => closeSync(fd) };
  } catch {
    return undefined;
  }
}

/** Empties the own output, which is such a file, whenever it has grown too long. */
export function boundOutput(gateway: Gateway): void {
  const timer = setInterval(() => {
    try {
      const { size } = fstatSync(1);
      if (size <= MAX_BYTES) return;
      // Opened for appending: what comes next is written at the new end.
      ftruncateSync(1, 0);
      gateway.logging
        .logger(GATEWAY_LOG)
        .warn(`${size} bytes that were printed, and not logged, were dropped`);
    } catch {
      // No file, or one that can't be emptied: then there is nothing to bound.
      clearInterval(timer);
    }
  }, LOOK_MS);
  timer.unref();
}
