import { GatewayError } from '@cliproxy/plugin-api';

/** A route's path, compiled. */
export interface PathPattern {
  /** The same for Hono's router. */
  readonly hono: string;
  /** @param path - as it was sent. */
  fits(path: string): boolean;
  /**
   * What stands for the placeholder, decoded once; undefined where the pattern has none.
   *
   * @throws GatewayError `CLIENT_BAD_REQUEST`
   */
  valueIn(path: string): string | undefined;
}

/**
 * Compiles a path with at most one placeholder, such as `{id}`, which stands for one or more
 * characters of any kind, slashes and all: what follows it in the pattern ends the path. Names of
 * models hold slashes and colons, and clients send them as they are or percent-encoded.
 */
export function compilePath(pattern: string): PathPattern {
  const [, prefix, name, suffix] = /^([^{]*)\{(\w+)\}([^{]*)$/.exec(pattern) ?? [];
  if (prefix === undefined || suffix === undefined) {
    return { hono: pattern, fits: (path) => path === pattern, valueIn: () => undefined };
  }
  const fits = (path: string): boolean =>
    path.startsWith(prefix) && path.endsWith(suffix) && path.length > prefix.length + suffix.length;
  return {
    hono: `${prefix}:${name}{.+${suffix}}`,
    fits,
    valueIn(path) {
      const raw = fits(path) ? path.slice(prefix.length, path.length - suffix.length) : '%';
      try {
        return decodeURIComponent(raw);
      } catch {
        throw new GatewayError(
          'CLIENT_BAD_REQUEST',
          'the path is not well-formed percent-encoded UTF-8, or not in its plain form',
        );
      }
    },
  };
}
