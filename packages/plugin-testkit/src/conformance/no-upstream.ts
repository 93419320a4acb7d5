import type { Subject } from './subject.ts';

/** Why checks that let an upstream fail say nothing of a plugin; undefined where they do. */
export function noFault({ hasUpstream, manifest }: Subject): string | undefined {
  if (hasUpstream) return undefined;
  return manifest.hosts.length === 0
    ? 'the plugin has no upstream'
    : 'no fake can stand in for the upstream: name its address in permissions.hosts as "config:/…"';
}
