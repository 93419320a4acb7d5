import { badOption } from './oauth-faults.ts';

/**
 * Takes an address that credentials go to, or that a browser is sent to. Documents of a vendor may
 * hold anything, so it is not only checked where it is written down.
 *
 * @throws GatewayError `CONFIG_INVALID`
 */
export function safeAddress(name: string, text: unknown, insecureLoopback = false): URL {
  const url = typeof text === 'string' && URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) throw badOption(name, 'is missing or no absolute URL');
  const isTest = insecureLoopback && url.protocol === 'http:' && isLoopback(url.hostname);
  if (url.protocol !== 'https:' && !isTest) throw badOption(name, 'must begin with https://');
  if (url.username !== '' || url.password !== '') {
    throw badOption(name, 'must not hold a user name or password');
  }
  return url;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);
}
