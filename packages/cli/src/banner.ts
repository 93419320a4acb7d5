import { readFileSync } from 'node:fs';
import type { LoadedConfig } from '@cliproxy/config';
import { shellQuote } from './shell-quote.ts';

/** As `package:` may name it. */
const ECHO_PACKAGES = ['@cliproxy/plugin-echo', 'echo'];

/** The form of a key that the first start writes, for `grep`. */
const WRITTEN_KEY = 'cpx-[A-Za-z0-9_-]*';

/** Stands for a key that `grep` would not find. */
const KEY_VARIABLE = '$CLIPROXY_API_KEY';

/**
 * What a person needs after the start: the address, where the key is, and a curl to paste. The key
 * itself is not printed: the curl takes it out of the file.
 *
 * @param ending - lines that say how to go on.
 */
export function banner(
  url: string,
  { file, settings }: LoadedConfig,
  ending: readonly string[],
): string {
  const [apiKey] = settings.server.apiKeys;
  const echo = settings.kernel.plugins.find(
    ({ package: name, enabled }) => enabled && ECHO_PACKAGES.includes(name),
  );
  const key = apiKey === undefined ? undefined : keyExpression(file, apiKey);
  const body = JSON.stringify({
    model: modelOf(echo?.instanceId),
    stream: true,
    messages: [{ role: 'user', content: 'Hello from cliproxy' }],
  });
  return [
    `cliproxy is ready at ${url}`,
    key === undefined
      ? 'No client key is needed (server.apiKeys is empty).'
      : `The client key is under server.apiKeys in ${file}${key === KEY_VARIABLE ? '; put it into CLIPROXY_API_KEY for this:' : ''}`,
    echo === undefined ? 'Try it, with the name of a model for MODEL:' : 'Try it:',
    `  curl -N ${url}/v1/chat/completions \\`,
    ...(key === undefined ? [] : [`    -H "authorization: Bearer ${key}" \\`]),
    "    -H 'content-type: application/json' \\",
    `    -d ${shellQuote(body)}`,
    ...ending,
  ].join('\n');
}

function modelOf(echoInstance: string | undefined): string {
  if (echoInstance === undefined) return 'MODEL';
  return echoInstance === 'echo' ? 'echo' : `${echoInstance}/echo`;
}

/** A shell expression for the key: out of the file if `grep` finds it there, else a variable to set. */
function keyExpression(file: string, apiKey: string): string {
  return grepFinds(file, apiKey)
    ? `$(grep -o -m1 '${WRITTEN_KEY}' ${shellQuote(file)})`
    : KEY_VARIABLE;
}

/** Whether the first line with such a key has this one and no other. */
function grepFinds(file: string, apiKey: string): boolean {
  const pattern = new RegExp(WRITTEN_KEY, 'g');
  const line = readFileSync(file, 'utf8')
    .split('\n')
    .find((text) => text.search(pattern) >= 0);
  const found = line?.match(pattern) ?? [];
  return found.length === 1 && found[0] === apiKey;
}
