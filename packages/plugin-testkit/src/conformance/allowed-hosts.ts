import { recordOf } from './subject.ts';

/** The hosts, with their ports where they have one, that a manifest allows under a configuration. */
export function allowedHosts(hosts: readonly string[], config: object): readonly string[] {
  return hosts.flatMap((host) => {
    if (!host.startsWith('config:')) return [host.toLowerCase()];
    const steps = host.slice('config:/'.length).split('/');
    const found = steps.reduce<unknown>((at, step) => recordOf(at)[step], config);
    return [found].flat().flatMap((url) => (typeof url === 'string' ? hostOf(url) : []));
  });
}

function hostOf(url: string): readonly string[] {
  if (!URL.canParse(url)) return [];
  const { hostname, port, protocol } = new URL(url);
  return [`${hostname}:${port === '' ? (protocol === 'https:' ? '443' : '80') : port}`];
}
