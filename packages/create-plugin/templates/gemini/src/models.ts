import { GatewayError, readBody } from '@cliproxy/plugin-api';
import type { AccountContext, ModelInfo, WireReply } from '@cliproxy/plugin-api';

const MAX_LIST_BYTES = 4 * 1024 * 1024;

/**
 * The models that an account can use and that answer chats. The gateway asks in the background and
 * caches the answer.
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
    throw new GatewayError('UPSTREAM_FAILED', `GET /v1beta/models answered ${reply.status}`);
  }
  const models = modelsIn(await readBody(reply, MAX_LIST_BYTES));
  if (models === undefined) {
    const message = 'GET /v1beta/models answered with no list of models';
    throw new GatewayError('UPSTREAM_BAD_ANSWER', message);
  }
  return models;
}

/** Asks for the list: one page of it, which is enough for a thousand models. */
export function requestModels(
  root: string,
  { http, signal }: Pick<AccountContext, 'http' | 'signal'>,
): Promise<WireReply> {
  const url = `${root}/v1beta/models?pageSize=1000`;
  return http.request({ method: 'GET', url, headers: { accept: 'application/json' } }, signal);
}

function modelsIn(body: Buffer): readonly ModelInfo[] | undefined {
  try {
    const { models } = JSON.parse(body.toString()) as { readonly models?: unknown };
    if (!Array.isArray(models)) return undefined;
    const infos = models.flatMap(modelInfo);
    return [...new Map(infos.map((info) => [info.id, info])).values()];
  } catch {
    return undefined;
  }
}

function modelInfo(entry: unknown): readonly ModelInfo[] {
  const {
    name,
    inputTokenLimit: input,
    outputTokenLimit: output,
    supportedGenerationMethods: methods,
  } = (entry ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof name !== 'string') return [];
  // Embeddings and the like are listed too.
  if (!Array.isArray(methods) || !methods.includes('generateContent')) return [];
  return [
    {
      id: name.replace(/^models\//u, ''),
      ...(typeof input === 'number' && { contextTokens: input }),
      ...(typeof output === 'number' && { maxOutputTokens: output }),
    },
  ];
}
