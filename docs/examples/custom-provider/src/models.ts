import { GatewayError, readBody } from '@cliproxy/plugin-api';
import type { AccountContext, Capability, ModelInfo, WireReply } from '@cliproxy/plugin-api';
import type { AcmeApi } from './config.ts';
import { refusalOf } from './failure.ts';

const MAX_LIST_BYTES = 1024 * 1024;

/** What no engine of Acme's can do. Requests that need it go elsewhere. */
export const LACKS: readonly Capability[] = ['images', 'json-schema'];

/** Parameters that Acme has not. The gateway takes them out, and tells the client which. */
export const REFUSES: readonly string[] = ['top_p', 'stop'];

/**
 * The engines that an account can use.
 *
 * @throws GatewayError `UPSTREAM_*` by Acme's table, `UPSTREAM_BAD_ANSWER` for what is no list.
 */
export async function listModels(
  api: AcmeApi,
  context: AccountContext,
): Promise<readonly ModelInfo[]> {
  const reply = await requestModels(api, context);
  if (reply.status !== 200) throw await refusalOf(reply, api.clock);
  return engines(await readBody(reply, MAX_LIST_BYTES)).flatMap((engine) => {
    const { name, words } = (engine ?? {}) as { readonly name?: unknown; readonly words?: unknown };
    // What is no engine is left out: one bad entry must not hide the others.
    if (typeof name !== 'string' || name === '') return [];
    const size = typeof words === 'number' ? { contextTokens: words } : {};
    return [{ id: name, lacks: LACKS, refuses: REFUSES, ...size }];
  });
}

/** Asks for the list: costs nothing, and needs a credential that serves. */
export function requestModels(
  { root }: AcmeApi,
  { http, signal }: Pick<AccountContext, 'http' | 'signal'>,
): Promise<WireReply> {
  const headers = { accept: 'application/json' };
  return http.request({ method: 'GET', url: `${root}/v2/engines`, headers }, signal);
}

function engines(bytes: Buffer): readonly unknown[] {
  try {
    const { engines: list } = JSON.parse(bytes.toString()) as { readonly engines?: unknown };
    if (Array.isArray(list)) return list;
  } catch {
    // Told below: the parser's own error repeats what it read.
  }
  throw new GatewayError('UPSTREAM_BAD_ANSWER', 'GET /v2/engines gave no list; check baseUrl');
}
