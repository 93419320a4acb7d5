import { GatewayError, readBody } from '@cliproxy/plugin-api';
import type { AccountContext, Json, ModelInfo } from '@cliproxy/plugin-api';
import type { ClaudeConfig } from './config.ts';

const MAX_LIST_BYTES = 4 * 1024 * 1024;
const MAX_PAGES = 20;

/**
 * The models that an account can use.
 *
 * @see https://platform.claude.com/docs/en/api/models-list
 * @throws GatewayError `UPSTREAM_FAILED` when the list can't be had.
 */
export async function listModels(
  config: ClaudeConfig,
  context: AccountContext,
): Promise<readonly ModelInfo[]> {
  const models: ModelInfo[] = [];
  let after = '';
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const list = await fetchPage(config, context, after);
    for (const entry of list.data ?? []) {
      if (typeof entry.id === 'string') models.push(modelInfo(entry.id, entry));
    }
    if (list.has_more !== true || typeof list.last_id !== 'string') break;
    after = list.last_id;
  }
  return models;
}

interface ModelPage {
  readonly data?: readonly { readonly [key: string]: Json }[];
  readonly has_more?: boolean;
  readonly last_id?: string;
}

async function fetchPage(
  config: ClaudeConfig,
  context: AccountContext,
  after: string,
): Promise<ModelPage> {
  const query = after === '' ? 'limit=1000' : `limit=1000&after_id=${encodeURIComponent(after)}`;
  const reply = await context.http.request(
    {
      method: 'GET',
      url: `${config.baseUrl}/v1/models?${query}`,
      headers: { accept: 'application/json', 'anthropic-version': config.anthropicVersion },
    },
    context.signal,
  );
  const body = await readBody(reply, MAX_LIST_BYTES);
  if (reply.status !== 200) {
    throw new GatewayError('UPSTREAM_FAILED', `the model list answered ${reply.status}`, {
      failure: { kind: 'upstream', scope: 'instance' },
    });
  }
  return JSON.parse(body.toString()) as ModelPage;
}

function modelInfo(id: string, entry: { readonly [key: string]: Json }): ModelInfo {
  const { display_name: name, max_input_tokens: context, max_tokens: output } = entry;
  return {
    id,
    ...(typeof name === 'string' && { displayName: name }),
    ...(typeof context === 'number' && { contextTokens: context }),
    ...(typeof output === 'number' && { maxOutputTokens: output }),
  };
}
