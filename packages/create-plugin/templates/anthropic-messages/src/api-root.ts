/**
 * The API's address as paths are put behind it. `baseUrl` means what Anthropic's SDK means by it: paths
 * such as `/v1/messages` follow, so a `/v1` that people write is taken off.
 */
export function apiRoot(baseUrl: string): string {
  return baseUrl.replace(/(\/v1)?\/*$/u, '');
}
