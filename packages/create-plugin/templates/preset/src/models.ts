import type { AccountContext, ModelInfo, WireReply } from '@cliproxy/plugin-api';

/**
 * The service's models. What you say of each is what routing goes by:
 *
 * - `upstreamId`: its name at the service, where clients use another
 * - `contextTokens`, `maxOutputTokens`: how much it takes and gives
 * - `lacks`: what it can't do, such as `images` or `tools`: requests that need it go elsewhere
 * - `refuses`: parameters to leave out, such as `logit_bias`; clients are told of it in a header
 *
 * Clients reach a name that is not listed by the patterns of the manifest (package.json:
 * `cliproxyPlugin.provides.models`), which list the same names.
 */
const MODELS: readonly ModelInfo[] = [
  // Such as { id: 'large', upstreamId: 'vendor/large-2', contextTokens: 128_000, lacks: ['images'] }.
  { id: '«EACH_MODEL»' },
];

/** All of them, for each account. Nothing is asked of the service. */
export async function listModels(): Promise<readonly ModelInfo[]> {
  return MODELS;
}

/** Asks the service for its own list: of use to see whether it is well, and whether a key serves. */
export function requestModels(
  root: string,
  { http, signal }: Pick<AccountContext, 'http' | 'signal'>,
): Promise<WireReply> {
  const url = `${root}/models`;
  return http.request({ method: 'GET', url, headers: { accept: 'application/json' } }, signal);
}
