import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';

/** A display that nobody looks at, for browsers with windows. */
export interface XDisplay {
  /** For `DISPLAY`. */
  readonly name: string;
  close(): Promise<void>;
}

/** Whether this machine can make one: has the program Xvfb. */
export function hasXvfb(): boolean {
  return spawnSync('Xvfb', ['-help'], { stdio: 'ignore' }).error === undefined;
}

/** Starts a display. */
export async function startXDisplay(): Promise<XDisplay> {
  const server = spawn(
    'Xvfb',
    ['-displayfd', '3', '-screen', '0', '1280x900x24', '-nolisten', 'tcp'],
    {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    },
  );
  const [number] = (await once(server.stdio[3] as Readable, 'data')) as [Buffer];
  return {
    name: `:${number.toString().trim()}`,
    close: async () => {
      const over = once(server, 'exit');
      server.kill('SIGTERM');
      await over;
    },
  };
}
