import { BlockList, isIP } from 'node:net';
import type { Problem } from '@cliproxy/kernel';
import type { Words } from './words.ts';
import type { ServerSettings } from './settings.ts';

/** A gateway that others can reach needs both kinds of keys. */
export function checkBind(server: ServerSettings, words: Words): Problem[] {
  if (isLoopback(server.host)) return [];
  const missing = (['apiKeys', 'adminKeys'] as const).filter((name) => server[name].length === 0);
  if (missing.length === 0) return [];
  const lists = missing.map((name) => `server.${name}`).join(' and ');
  return [
    {
      code: 'CONFIG_UNSAFE',
      message: `${words.nameOf('/server/host')} is ${words.shown('/server/host', server.host)}, which can be reached by others, but ${lists} ${missing.length === 1 ? 'is' : 'are'} empty. Set ${missing.length === 1 ? 'it' : 'them'}, or bind to 127.0.0.1.`,
      pointer: '/server/host',
    },
  ];
}

/**
 * Whether an address can be reached from this machine alone. Addresses are parsed; a name other
 * than `localhost` counts as reachable, whatever it looks like.
 */
function isLoopback(host: string): boolean {
  if (host.toLowerCase() === 'localhost') return true;
  const family = isIP(host);
  if (family === 0) return false;
  const loopback = new BlockList();
  loopback.addSubnet('127.0.0.0', 8, 'ipv4');
  loopback.addAddress('::1', 'ipv6');
  return loopback.check(host, family === 4 ? 'ipv4' : 'ipv6');
}
