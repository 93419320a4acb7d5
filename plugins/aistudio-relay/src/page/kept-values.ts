/** What a page remembers of a gateway; in memory where the browser gives it no storage. */
export interface KeptValues {
  get(name: string): string | undefined;
  set(name: string, value: string | undefined): void;
}

const PREFIX = 'cliproxy-relay:';

/** @param scope - what the values belong to, for example a gateway's address. */
export function keptValues(scope: string): KeptValues {
  const memory = new Map<string, string>();
  const key = (name: string): string => `${PREFIX}${scope}:${name}`;
  return {
    get: (name) => storage()?.getItem(key(name)) ?? memory.get(name),
    set(name, value) {
      if (value === undefined) {
        memory.delete(name);
        storage()?.removeItem(key(name));
        return;
      }
      memory.set(name, value);
      try {
        storage()?.setItem(key(name), value);
      } catch {
        // Full: it is remembered until the page is left.
      }
    },
  };
}

/** Frames in a sandbox have none, and asking throws. */
function storage(): Storage | undefined {
  try {
    return globalThis.localStorage;
  } catch {
    return undefined;
  }
}
