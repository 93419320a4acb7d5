import type { ServerResponse } from 'node:http';

/** Writes with back-pressure, so that a slow reader shows. */
export async function pacedWrite(outgoing: ServerResponse, bytes: string | Buffer): Promise<void> {
  if (outgoing.write(bytes)) {
    // Let others run: an endless answer must not block the loop.
    await new Promise(setImmediate);
    return;
  }
  await new Promise<void>((resolve) => {
    const settle = () => {
      outgoing.off('drain', settle);
      outgoing.off('close', settle);
      resolve();
    };
    outgoing.once('drain', settle);
    outgoing.once('close', settle);
  });
}
