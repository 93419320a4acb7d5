import net from 'node:net';

/** What connects to where, for a while. */
export interface Connections {
  /** `host:port` of each connection that was tried. */
  made(): readonly string[];
  stop(): void;
}

type Connect = (this: net.Socket, ...args: unknown[]) => net.Socket;

/** Notes every connection of this process, whichever library makes it. */
export function watchConnections(): Connections {
  const made: string[] = [];
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with its socket below
  const original = net.Socket.prototype.connect as Connect;
  const watching: Connect = function (...args) {
    made.push(targetOf(args));
    return original.apply(this, args);
  };
  net.Socket.prototype.connect = watching;
  return {
    made: () => made,
    stop: () => {
      net.Socket.prototype.connect = original;
    },
  };
}

/** Node calls it with normalised arguments, people with an options object or with port and host. */
function targetOf(args: readonly unknown[]): string {
  const [first, second] = Array.isArray(args[0]) ? (args[0] as unknown[]) : args;
  if (typeof first === 'object' && first !== null) {
    const {
      host = 'localhost',
      port,
      path,
    } = first as {
      readonly host?: string;
      readonly port?: number | string;
      readonly path?: string | null;
    };
    return typeof path === 'string' ? path : `${host}:${port}`;
  }
  return typeof first === 'string'
    ? first
    : `${typeof second === 'string' ? second : 'localhost'}:${String(first)}`;
}
