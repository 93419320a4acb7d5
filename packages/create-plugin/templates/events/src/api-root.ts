/** The API's address as paths are put behind it: without a slash at its end. */
export function apiRoot(baseUrl: string): string {
  return baseUrl.replace(/\/+$/u, '');
}
