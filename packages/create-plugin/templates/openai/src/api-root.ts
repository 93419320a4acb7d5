/**
 * The API's address as paths are put behind it. `baseUrl` means what OpenAI's SDK means by it: it has
 * the version in it, and paths such as `/chat/completions` follow.
 */
export function apiRoot(baseUrl: string): string {
  return baseUrl.replace(/\/+$/u, '');
}
