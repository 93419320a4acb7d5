import { GatewayError, readBody } from '@cliproxy/plugin-api';
import type { ModelInfo } from '@cliproxy/plugin-api';
import type { PageSession } from './relay/page-session.ts';

const MAX_LIST_BYTES = 4 * 1024 * 1024;

/** Behind the vendor's name of a model, so that clients say by which way they ask. */
const SUFFIX = '-aistudio';

/**
 * The models that a page can use and that answer chats; all of them are on the first page of 1000.
 *
 * @see https://ai.google.dev/api/models
 * @throws GatewayError `UPSTREAM_FAILED` when there is no list.
 */
export async function listModels(
  root: string,
  page: PageSession,
  signal: AbortSignal,
): Promise<readonly ModelInfo[]> {
  const url = `${root}/v1beta/models?pageSize=1000`;
  const reply = await page.ask(
    { method: 'GET', url, headers: { accept: 'application/json' } },
    signal,
  );
  if (reply.status !== 200) {
    reply.body.destroy();
    throw noList(`answered ${reply.status}`);
  }
  const { models } = parse(await readBody(reply, MAX_LIST_BYTES));
  if (!Array.isArray(models)) throw noList('answered with no list of models');
  return models.flatMap(modelInfo);
}

function modelInfo(entry: unknown): readonly ModelInfo[] {
  const fields = (entry ?? {}) as Readonly<Record<string, unknown>>;
  const { name, displayName, supportedGenerationMethods: methods } = fields;
  if (typeof name !== 'string' || !Array.isArray(methods)) return [];
  if (!methods.includes('generateContent')) return [];
  const upstreamId = name.replace(/^models\//u, '');
  const { inputTokenLimit: contextTokens, outputTokenLimit: maxOutputTokens } = fields;
  return [
    {
      id: upstreamId + SUFFIX,
      upstreamId,
      ...(typeof displayName === 'string' && { displayName }),
      ...(typeof contextTokens === 'number' && { contextTokens }),
      ...(typeof maxOutputTokens === 'number' && { maxOutputTokens }),
    },
  ];
}

function parse(body: Buffer): { readonly models?: unknown } {
  try {
    return (JSON.parse(body.toString()) ?? {}) as { readonly models?: unknown };
  } catch {
    return {};
  }
}

function noList(what: string): GatewayError {
  return new GatewayError('UPSTREAM_FAILED', `GET /v1beta/models by the relay page ${what}`);
}
