import { GatewayError, readBody } from '@cliproxy/plugin-api';
import type { AccountContext, ModelInfo, WireReply } from '@cliproxy/plugin-api';

const MAX_LIST_BYTES = 4 * 1024 * 1024;

/**
 * The models that an account can use. The gateway asks in the background and caches the answer.
 *
 * @param root - the API's address, without a slash at its end.
 * @throws GatewayError `UPSTREAM_FAILED` when there is no list, `UPSTREAM_BAD_ANSWER` when it is none.
 */
export async function listModels(
  root: string,
  context: AccountContext,
): Promise<readonly ModelInfo[]> {
  const reply = await requestModels(root, context);
  if (reply.status !== 200) {
    // A body is read to its end or destroyed, or its connection is lost.
    reply.body.destroy();
    throw new GatewayError('UPSTREAM_FAILED', `GET /models answered ${reply.status}`);
  }
  const ids = idsIn(await readBody(reply, MAX_LIST_BYTES));
  if (ids === undefined) {
    throw new GatewayError('UPSTREAM_BAD_ANSWER', 'GET /models answered with no list of models');
  }
  // What you know of a model helps routing: `contextTokens`, `lacks: ['images']`, `refuses: ['seed']`.
  return ids.map((id) => ({ id }));
}

/** Asks for the list. */
export function requestModels(
  root: string,
  { http, signal }: Pick<AccountContext, 'http' | 'signal'>,
): Promise<WireReply> {
  const url = `${root}/models`;
  return http.request({ method: 'GET', url, headers: { accept: 'application/json' } }, signal);
}

function idsIn(body: Buffer): readonly string[] | undefined {
  try {
    const { data } = JSON.parse(body.toString()) as { readonly data?: unknown };
    if (!Array.isArray(data)) return undefined;
    const ids = data.map((entry: { readonly id?: unknown } | null) => entry?.id);
    return [...new Set(ids.filter((id) => typeof id === 'string'))];
  } catch {
    return undefined;
  }
}
