import { isIPv4 } from 'node:net';
import type { IncomingMessage } from 'node:http';
import { ipaddr } from './ipaddr.ts';
import { GatewayError } from '@cliproxy/plugin-api';
import { splitTarget } from './exchange.ts';

/** Which `Host` and `Origin` values are the gateway's own. */
export interface HostPolicy {
  /** Accepts any port. */
  readonly hosts: ReadonlySet<string>;
  /** `name:port`. */
  readonly hostsWithPort: ReadonlySet<string>;
  /** True: bound to every interface, so the address that a connection came in at counts too. */
  readonly anyInterface: boolean;
  /** Normalised origins of pages that may call. */
  readonly origins: ReadonlySet<string>;
}

interface Authority {
  readonly host: string;
  readonly port: string;
}

const NAME = /^[a-z0-9](?:[a-z0-9._-]{0,251}[a-z0-9_-])?$/;
const PORT = /^\d{1,5}$/;

/** Compiles the settings once, so that a request costs a look-up or two. */
export function createHostPolicy(settings: {
  readonly host: string;
  readonly allowedHosts: readonly string[];
  readonly allowedOrigins: readonly string[];
}): HostPolicy {
  const hosts = new Set<string>();
  const hostsWithPort = new Set<string>();
  const anyInterface = isWildcard(settings.host);
  if (!anyInterface) hosts.add(canonicalAddress(settings.host.toLowerCase()));
  for (const entry of settings.allowedHosts) {
    const parsed = parseAuthority(
      entry.includes('::') && !entry.startsWith('[') ? `[${entry}]` : entry,
    );
    if (parsed === undefined) continue;
    if (parsed.port === '') hosts.add(parsed.host);
    else hostsWithPort.add(`${parsed.host}:${parsed.port}`);
  }
  const origins = new Set(settings.allowedOrigins.map((origin) => normalOrigin(origin)));
  return { hosts, hostsWithPort, anyInterface, origins };
}

/**
 * Checks where a request, or an upgrade, says it is going and where it comes from. A page that a
 * person has open can send requests to loopback, and by rebinding its name can even read the
 * answers; both show in these headers.
 *
 * @param ownOrigins - the only origins that may come, where the path has such; naming none is
 *   refused then.
 * @returns the origin, where it is another one that is allowed.
 * @throws GatewayError `CLIENT_HOST_FORBIDDEN`, or `CLIENT_BAD_REQUEST` without a single `Host`.
 */
export function checkHostOrigin(
  req: IncomingMessage,
  policy: HostPolicy,
  ownOrigins?: readonly string[],
): string | undefined {
  const host = req.headers.host;
  if (host === undefined || host === '' || repeatsHost(req.rawHeaders)) {
    throw new GatewayError('CLIENT_BAD_REQUEST', 'the request needs exactly one Host header');
  }
  const local = req.socket.localAddress;
  if (!hostAllowed(host, local, policy)) throw forbidden('Host', host, 'server.allowedHosts');
  const target = req.url ?? '/';
  if (!target.startsWith('/')) {
    const { authority } = splitTarget(target);
    if (authority !== undefined && !hostAllowed(authority, local, policy)) {
      throw forbidden('Host', authority, 'server.allowedHosts');
    }
  }
  const { origin } = req.headers;
  if (ownOrigins !== undefined) {
    if (origin !== undefined && isOneOf(origin, ownOrigins)) return origin;
    throw forbidden('Origin', origin ?? '', "the plugin's origins");
  }
  if (origin === undefined || sameOrigin(origin, host)) return undefined;
  if (policy.origins.has(normalOrigin(origin)) && origin !== 'null') return origin;
  throw forbidden('Origin', origin, 'server.allowedOrigins');
}

/** Whether only this machine can reach what is bound to the name or address. */
export function isLoopback(host: string): boolean {
  const name = unbracketed(host.toLowerCase());
  if (name === 'localhost') return true;
  if (isIPv4(name)) return name.startsWith('127.');
  return ipaddr.IPv6.isValid(name) && ipaddr.process(name).range() === 'loopback';
}

/** Whether the address stands for every interface. */
export function isWildcard(host: string): boolean {
  const name = unbracketed(host);
  return name === '0.0.0.0' || (ipaddr.IPv6.isValid(name) && /^[0:]+$/.test(name));
}

function hostAllowed(value: string, local: string | undefined, policy: HostPolicy): boolean {
  const parsed = parseAuthority(value);
  if (parsed === undefined) return false;
  const { host, port } = parsed;
  return (
    isLoopback(host) ||
    policy.hosts.has(host) ||
    policy.hostsWithPort.has(`${host}:${port}`) ||
    (policy.anyInterface && local !== undefined && canonicalAddress(local) === host)
  );
}

/** `name`, `name:port`, `1.2.3.4:port`, `[::1]:port`; anything else is nobody's. */
function parseAuthority(value: string): Authority | undefined {
  const text = value.toLowerCase();
  const end = text.startsWith('[') ? text.indexOf(']') + 1 : text.indexOf(':');
  const name = end > 0 ? text.slice(0, end) : text;
  const rest = end > 0 ? text.slice(end) : '';
  if (rest !== '' && (!rest.startsWith(':') || !PORT.test(rest.slice(1)))) return undefined;
  const port = rest.slice(1);
  if (!name.startsWith('[')) return NAME.test(name) ? { host: name, port } : undefined;
  const address = name.slice(1, -1);
  return ipaddr.IPv6.isValid(address) ? { host: canonicalAddress(address), port } : undefined;
}

/** IPv4 in IPv6 becomes IPv4, other IPv6 its shortest form; names stay. */
function canonicalAddress(host: string): string {
  const name = unbracketed(host);
  return ipaddr.IPv6.isValid(name) ? ipaddr.process(name).toString() : name;
}

function unbracketed(host: string): string {
  return host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
}

function sameOrigin(origin: string, host: string): boolean {
  const match = /^(https?):\/\/(.+)$/.exec(origin);
  if (match === null) return false;
  const defaultPort = match[1] === 'https' ? '443' : '80';
  const theirs = parseAuthority(match[2] ?? '');
  const ours = parseAuthority(host);
  return (
    theirs !== undefined &&
    theirs.host === ours?.host &&
    (theirs.port || defaultPort) === (ours.port || defaultPort)
  );
}

/** @param origins - as `SocketEndpoint.origins`. */
function isOneOf(origin: string, origins: readonly string[]): boolean {
  const theirs = normalOrigin(origin);
  return origins.some((one) => {
    const ours = normalOrigin(one);
    const [scheme, rest] = ours.split('://*.');
    if (rest === undefined) return theirs === ours && theirs !== 'null';
    const start = `${scheme ?? ''}://`;
    const name = theirs.slice(start.length, -rest.length - 1);
    return theirs.startsWith(start) && theirs.endsWith(`.${rest}`) && NAME.test(name);
  });
}

function normalOrigin(origin: string): string {
  return origin
    .toLowerCase()
    .replace(/\/$/, '')
    .replace(/^(http:\/\/.*):80$|^(https:\/\/.*):443$/, '$1$2');
}

function repeatsHost(rawHeaders: readonly string[]): boolean {
  let count = 0;
  for (let n = 0; n < rawHeaders.length; n += 2) {
    const name = rawHeaders[n] ?? '';
    if (name.length === 4 && name.toLowerCase() === 'host') count += 1;
  }
  return count > 1;
}

function forbidden(header: 'Host' | 'Origin', value: string, setting: string): GatewayError {
  return new GatewayError(
    'CLIENT_HOST_FORBIDDEN',
    `${header} ${JSON.stringify(value.slice(0, 200))} is not one of this gateway; ` +
      `use its own address, or add the name to ${setting}`,
  );
}
