import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import os from 'node:os';
import path from 'node:path';

/** Two ends of a connection within this process, of which one is to be handed to another. */
export interface SocketPair {
  readonly near: Socket;
  readonly far: Socket;
}

/** Longest path of a socket that every system takes, in bytes. */
const MAX_PATH = 100;
/** A system that has no descriptor left takes a connection and closes it, without a word. */
const PAIR_MS = 2_000;

/**
 * Makes connected pairs, which Node has no call for. What it needs in the file system is gone after that.
 *
 * @throws Error that says why there are none.
 */
export async function socketPairs(count: number): Promise<readonly SocketPair[]> {
  // Nobody else may look into such a folder.
  const folder = await mkdtemp(path.join(temporaryFolder(), 'cliproxy-'));
  const address = path.join(folder, 's');
  const server = createServer();
  const pairs: SocketPair[] = [];
  try {
    server.listen(address);
    await once(server, 'listening');
    while (pairs.length < count) pairs.push(await socketPair(server, address));
    return pairs;
  } catch (error) {
    closePairs(pairs);
    throw error;
  } finally {
    server.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Lets go of both ends of each. */
export function closePairs(pairs: readonly SocketPair[]): void {
  for (const { near, far } of pairs) {
    near.destroy();
    far.destroy();
  }
}

async function socketPair(server: Server, address: string): Promise<SocketPair> {
  const far = connect(address);
  let fault = new Error(
    'no connection within the gateway could be made: is it out of descriptors?',
  );
  const failed = new AbortController();
  const late = setTimeout(() => failed.abort(), PAIR_MS);
  far.on('error', (error) => (fault = error));
  far.once('close', () => failed.abort());
  try {
    const connected = once(far, 'connect', { signal: failed.signal });
    const [[near]] = (await Promise.all([
      once(server, 'connection', { signal: failed.signal }),
      connected,
    ])) as [[Socket], unknown];
    // Whoever waits is told on close.
    near.on('error', () => undefined);
    return { near, far };
  } catch {
    far.destroy();
    throw fault;
  } finally {
    clearTimeout(late);
  }
}

function temporaryFolder(): string {
  const usual = os.tmpdir();
  const longest = path.join(usual, 'cliproxy-XXXXXX', 's');
  return Buffer.byteLength(longest) > MAX_PATH ? '/tmp' : usual;
}
