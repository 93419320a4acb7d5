import type { Logger } from '@cliproxy/plugin-api';
import { errorToWire } from '../channel/wire-error.ts';
import type { GatewayPeer } from './gateway-door.ts';

/** So much may wait to be read by the gateway before lines are left out, in bytes. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;
const MAX_DEPTH = 6;
const MAX_ENTRIES = 100;
const MAX_TEXT = 16_000;

/** Writes to the gateway's log. A flood of lines loses its end, and says so. */
export function toldLogger(peer: () => GatewayPeer): Logger {
  let lost = 0;
  const write = (level: keyof Logger, message: string, fields?: object): void => {
    const to = peer();
    if (to.waitingBytes > MAX_WAITING_BYTES) {
      lost += 1;
      return;
    }
    if (lost > 0) {
      to.tell('log', { level: 'warn', message: `${lost} lines were left out: too many at once` });
      lost = 0;
    }
    to.tell('log', {
      level,
      message: textOf(message).slice(0, MAX_TEXT),
      ...(fields === undefined ? {} : { fields: crossable(fields, 0) }),
    });
  };
  return Object.freeze<Logger>({
    debug: (message, fields) => write('debug', message, fields),
    info: (message, fields) => write('info', message, fields),
    warn: (message, fields) => write('warn', message, fields),
    error: (message, fields) => write('error', message, fields),
  });
}

/** Plugins may be plain JavaScript. */
function textOf(message: unknown): string {
  return typeof message === 'string' ? message : String(message);
}

/** What JSON can say of a field; secrets hide themselves. */
function crossable(value: unknown, depth: number): unknown {
  try {
    return copied(value, depth);
  } catch {
    return 'something that throws when it is looked at';
  }
}

function copied(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return value.slice(0, MAX_TEXT);
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth > MAX_DEPTH) return '…';
  if (value instanceof Error) return { $error: errorToWire(value) };
  if ('toJSON' in value && typeof value.toJSON === 'function') {
    return crossable((value.toJSON as () => unknown)(), depth + 1);
  }
  if (Array.isArray(value)) {
    return value.slice(0, MAX_ENTRIES).map((one: unknown) => crossable(one, depth + 1));
  }
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, MAX_ENTRIES)
      .map(([key, one]: [string, unknown]) => [key, crossable(one, depth + 1)]),
  );
}
