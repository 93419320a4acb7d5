/** An absolute URL, cut in two. */
export interface SplitUrl {
  /** Scheme, host and port as written; not normalised, may even be no valid origin. */
  readonly origin: string;
  /** Path and query, as they go on the wire; starts with `/`. */
  readonly path: string;
}

const SLASH = 0x2f;

/**
 * Cuts an absolute URL by string search: parsing one per request costs more than sending it.
 * The host ends where any URL parser would end it, `\` included, so that what is checked is what is
 * dialled.
 *
 * @returns `undefined` when there is no scheme.
 */
export function splitUrl(url: string): SplitUrl | undefined {
  const scheme = url.indexOf('://');
  if (scheme <= 0) return undefined;
  let end = scheme + 3;
  while (end < url.length && !endsHost(url.charCodeAt(end))) end += 1;
  const hash = url.indexOf('#', end);
  const rest = hash === -1 ? url.slice(end) : url.slice(end, hash);
  const path = rest.charCodeAt(0) === SLASH ? rest : `/${rest}`;
  return { origin: url.slice(0, end), path };
}

/**
 * Reads an origin as {@link splitUrl} cut it.
 *
 * @returns `undefined` when it is not one that may be dialled: another scheme, or a user name in it.
 */
export function parseOrigin(origin: string): URL | undefined {
  if (!URL.canParse(origin)) return undefined;
  const url = new URL(origin);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return undefined;
  return url.username === '' && url.password === '' && !origin.includes('@') ? url : undefined;
}

/** `/`, `?`, `#` and `\`. */
function endsHost(code: number): boolean {
  return code === SLASH || code === 0x3f || code === 0x23 || code === 0x5c;
}
