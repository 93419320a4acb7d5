import { atPointer } from '../plugins/json-pointer.ts';

/** What every child sees of the gateway's environment, where it is set. */
const ALWAYS =
  process.platform === 'win32'
    ? ['PATH', 'PATHEXT', 'SYSTEMROOT', 'USERPROFILE', 'TEMP', 'TMP', 'LANG', 'TZ']
    : ['PATH', 'HOME', 'LANG', 'TZ', 'TMPDIR'];

/** The gateway's own settings and keys. */
const OWN = /^CLIPROXY_/u;
/** Node would take its channel from them. */
const CHANNEL = /^NODE_CHANNEL_/u;

/**
 * The names that an instance's children may see.
 *
 * @param declared - the manifest's `permissions.env`: names, or `config:` and a JSON pointer to a
 *   name, or a list of names, in the instance's configuration.
 */
export function allowedNames(declared: readonly string[], config: unknown): ReadonlySet<string> {
  return new Set(
    declared.flatMap((entry) => {
      if (!entry.startsWith('config:')) return [entry];
      const found = atPointer(config, entry.slice('config:'.length));
      const names: readonly unknown[] = Array.isArray(found) ? found : [found];
      return names.filter((name) => typeof name === 'string');
    }),
  );
}

/** Why a variable can't be given to a child by that name; undefined: it can. */
export function nameFault(name: string): string | undefined {
  if (!/^[A-Za-z_]\w*$/u.test(name)) return `${JSON.stringify(name)} is no name of a variable`;
  if (OWN.test(name)) return `${name} is the gateway's own`;
  if (CHANNEL.test(name)) return `${name} belongs to the channel`;
  return undefined;
}

/**
 * A child's environment: what always passes, what was asked for, and what was set; nothing else.
 *
 * @param from - the gateway's.
 */
export function childEnvironment(
  names: readonly string[],
  set: Readonly<Record<string, string>>,
  from: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  const passed: Record<string, string> = {};
  for (const name of [...ALWAYS, ...names]) {
    const value = from[name];
    if (value !== undefined) passed[name] = value;
  }
  return { ...passed, ...set };
}
