/**
 * The API's address as paths are put behind it. `baseUrl` means what Gemini's SDK means by it: paths
 * such as `/v1beta/models` follow, so a version that people write is taken off.
 */
export function apiRoot(baseUrl: string): string {
  return baseUrl.replace(/(\/v1(?:alpha|beta)?)?\/*$/u, '');
}
