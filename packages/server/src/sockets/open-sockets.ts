import { once } from 'node:events';
import type { WebSocket } from 'ws';
import type { PeerSocket } from './web-socket.ts';

/** The connections that are open. */
export interface OpenSockets {
  readonly count: number;
  /** Counts a connection that is being made. @returns what to call where none comes of it. */
  reserve(): () => void;
  add(ws: WebSocket, socket: PeerSocket): void;
  /** How often peers are asked whether they are there, in milliseconds. */
  pingEvery(pingMs: number): void;
  /** Closes all, with 1001; resolves once they are closed. */
  end(): Promise<void>;
}

/** Keeps an eye on open connections: one that does not answer is gone within two pings. */
export function createOpenSockets(): OpenSockets {
  const open = new Map<WebSocket, PeerSocket>();
  let coming = 0;
  let timer: NodeJS.Timeout | undefined;
  let everyMs = 0;
  return {
    get count() {
      return open.size + coming;
    },
    reserve() {
      coming += 1;
      let held = true;
      return () => {
        if (held) coming -= 1;
        held = false;
      };
    },
    add(ws, socket) {
      open.set(ws, socket);
      ws.once('close', () => open.delete(ws));
    },
    pingEvery(pingMs) {
      if (pingMs === everyMs) return;
      everyMs = pingMs;
      clearInterval(timer);
      timer = setInterval(() => {
        for (const socket of open.values()) socket.ask();
      }, pingMs);
      timer.unref();
    },
    async end() {
      clearInterval(timer);
      const closed = [...open].map(async ([ws, socket]) => {
        const gone = once(ws, 'close');
        socket.close(1001, 'the gateway stops');
        await gone;
      });
      await Promise.all(closed);
    },
  };
}
