import type { LoadedConfig } from '@cliproxy/config';

/**
 * What a person needs after the start: the address, where the key is, and a curl to paste. The key
 * itself is not printed: the curl takes it out of the file.
 */
export function banner(url: string, { file, settings }: LoadedConfig): string {
  const model = settings.kernel.plugins.some(
    ({ instanceId, enabled }) => instanceId === 'echo' && enabled,
  )
    ? 'echo'
    : 'MODEL';
  const { apiKeys } = settings.server;
  return [
    `cliproxy is ready at ${url}`,
    ...(apiKeys.length === 0
      ? ['No client key is needed (server.apiKeys is empty).']
      : [`The client key is under server.apiKeys in ${file}`]),
    'Try it:',
    `  curl -N ${url}/v1/chat/completions \\`,
    ...(apiKeys.length === 0
      ? []
      : [`    -H "authorization: Bearer ${keyExpression(file, apiKeys[0] ?? '')}" \\`]),
    "    -H 'content-type: application/json' \\",
    `    -d '{"model":"${model}","stream":true,"messages":[{"role":"user","content":"Hello from cliproxy"}]}'`,
    'Press Ctrl+C to stop.',
  ].join('\n');
}

/** A shell expression for the key: taken from the file where the key was written by the first start. */
function keyExpression(file: string, apiKey: string): string {
  return apiKey.startsWith('cpx-')
    ? `$(grep -o -m1 'cpx-[A-Za-z0-9_-]*' '${file}')`
    : '$CLIPROXY_API_KEY';
}
