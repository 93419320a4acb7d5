import type { PluginManifest } from '../plugins/manifest.ts';

/**
 * Why a plugin can't run in a process of its own; undefined: it can.
 *
 * @param inMemory - it was given to the gateway as it is, and is in no file.
 */
export function isolationProblem(
  { provides, permissions }: Pick<PluginManifest, 'provides' | 'permissions'>,
  inMemory: boolean,
  platform: NodeJS.Platform = process.platform,
): string | undefined {
  const why = reason({ provides, permissions }, inMemory, platform);
  return why === undefined
    ? undefined
    : `it can't run with \`isolation: process\`, because ${why}; leave \`isolation\` out`;
}

function reason(
  { provides, permissions }: Pick<PluginManifest, 'provides' | 'permissions'>,
  inMemory: boolean,
  platform: NodeJS.Platform,
): string | undefined {
  if (platform === 'win32') return 'that can be had on Linux and macOS alone';
  if (inMemory) return 'it was given to the gateway in memory and no other process can import it';
  if (provides.sockets.length > 0) {
    return `it serves WebSocket connections at ${provides.sockets.join(', ')}, which stay in the gateway`;
  }
  if (provides.hooks.length > 0) {
    const many = provides.hooks.length > 1;
    return `its ${many ? 'hooks' : 'hook'} ${provides.hooks.join(', ')} would cost every request a way there and back`;
  }
  if (permissions.childProcess) return 'it has processes of its own, which the gateway starts';
  return undefined;
}
