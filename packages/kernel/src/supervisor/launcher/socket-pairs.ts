import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';
import os from 'node:os';
import path from 'node:path';

/** Two ends of a connection within this process, of which one is to be handed to another. */
export interface SocketPair {
  readonly near: Socket;
  readonly far: Socket;
}

/** Longest path of a socket that every system takes, in bytes. */
const MAX_PATH = 100;

/** Makes connected pairs, which Node has no call for. Nothing of it is left in the file system. */
export async function socketPairs(count: number): Promise<readonly SocketPair[]> {
  // Nobody else may look into such a folder.
  const folder = await mkdtemp(path.join(temporaryFolder(), 'cliproxy-'));
  const server = createServer();
  try {
    server.listen(path.join(folder, 's'));
    await once(server, 'listening');
    const pairs: SocketPair[] = [];
    while (pairs.length < count) {
      const far = connect(path.join(folder, 's'));
      const [near] = (await once(server, 'connection')) as [Socket];
      // Whoever waits is told on close.
      near.on('error', () => undefined);
      far.on('error', () => undefined);
      if (far.connecting) await once(far, 'connect');
      pairs.push({ near, far });
    }
    return pairs;
  } finally {
    server.close();
    await rm(folder, { recursive: true, force: true });
  }
}

function temporaryFolder(): string {
  const usual = os.tmpdir();
  const longest = path.join(usual, 'cliproxy-XXXXXX', 's');
  return Buffer.byteLength(longest) > MAX_PATH ? '/tmp' : usual;
}
