import { GatewayError, readBody } from '@cliproxy/plugin-api';
import type { AccountContext, Capability, ModelInfo, WireReply } from '@cliproxy/plugin-api';

const MAX_LIST_BYTES = 4 * 1024 * 1024;

/**
 * What the API can't do, or what this plugin has no words for yet. A request that needs one of these
 * goes to another provider, or its client is told. Take out what you teach `question.ts` and `answer.ts`.
 */
export const LACKS: readonly Capability[] = ['tools', 'images', 'json-schema', 'reasoning'];

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
  const names = namesIn(await readBody(reply, MAX_LIST_BYTES));
  if (names === undefined) {
    throw new GatewayError('UPSTREAM_BAD_ANSWER', 'GET /models answered with no list of models');
  }
  return names.map((id) => ({ id, lacks: LACKS }));
}

/** Asks for the list. */
export function requestModels(
  root: string,
  { http, signal }: Pick<AccountContext, 'http' | 'signal'>,
): Promise<WireReply> {
  const url = `${root}/models`;
  return http.request({ method: 'GET', url, headers: { accept: 'application/json' } }, signal);
}

function namesIn(body: Buffer): readonly string[] | undefined {
  try {
    const { models } = JSON.parse(body.toString()) as { readonly models?: unknown };
    if (!Array.isArray(models)) return undefined;
    return [...new Set(models.filter((name: unknown) => typeof name === 'string'))];
  } catch {
    return undefined;
  }
}
