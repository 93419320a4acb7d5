import { GatewayError, readBody } from '@cliproxy/plugin-api';
import type { AccountContext, ModelInfo, WireReply } from '@cliproxy/plugin-api';
import type { ClaudeApi } from './config.ts';

const PATH = '/v1/models';
const MAX_LIST_BYTES = 4 * 1024 * 1024;
const PAGE_ENTRIES = 1000;
const MAX_PAGES = 20;

/**
 * The models that an account can use.
 *
 * @see https://platform.claude.com/docs/en/api/models-list
 * @throws GatewayError `UPSTREAM_FAILED` when the vendor gives no list, `UPSTREAM_BAD_ANSWER` when
 *   what it gives is none.
 */
export async function listModels(
  api: ClaudeApi,
  context: AccountContext,
): Promise<readonly ModelInfo[]> {
  const models: ModelInfo[] = [];
  let after: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const { data, has_more: hasMore, last_id: last } = await fetchPage(api, context, after);
    models.push(...data.flatMap(modelInfo));
    if (hasMore !== true || typeof last !== 'string' || last === after) break;
    after = last;
  }
  return models;
}

/** Asks for a page of the list: costs no tokens, and needs a key that serves. */
export function requestModels(
  { root, version }: ClaudeApi,
  { http, signal }: Pick<AccountContext, 'http' | 'signal'>,
  { entries, after }: { readonly entries: number; readonly after?: string | undefined },
): Promise<WireReply> {
  const start = after === undefined ? '' : `&after_id=${encodeURIComponent(after)}`;
  return http.request(
    {
      method: 'GET',
      url: `${root}${PATH}?limit=${entries}${start}`,
      headers: { accept: 'application/json', 'anthropic-version': version },
    },
    signal,
  );
}

/** What a status says that came in place of the list. Names the path alone, never the body. */
export function refusal({ root }: ClaudeApi, status: number): string {
  const remedies: Readonly<Record<number, string>> = {
    401: 'replace the API key, or log in again',
    403: 'check what the key or login may do',
    404: 'check baseUrl',
    429: 'the rate limit is reached',
  };
  return `GET ${pathOf(root)} answered ${status}; ${remedies[status] ?? 'it is tried again'}`;
}

interface ModelPage {
  readonly data: readonly unknown[];
  readonly has_more?: unknown;
  readonly last_id?: unknown;
}

async function fetchPage(
  api: ClaudeApi,
  context: AccountContext,
  after: string | undefined,
): Promise<ModelPage> {
  const reply = await requestModels(api, context, { entries: PAGE_ENTRIES, after });
  if (reply.status !== 200) {
    reply.body.destroy();
    throw new GatewayError('UPSTREAM_FAILED', refusal(api, reply.status));
  }
  const page = readPage(await readBody(reply, MAX_LIST_BYTES));
  if (page !== undefined) return page;
  throw new GatewayError(
    'UPSTREAM_BAD_ANSWER',
    `GET ${pathOf(api.root)} answered 200, but with no list of models; check baseUrl`,
  );
}

function pathOf(root: string): string {
  return new URL(root + PATH).pathname;
}

function readPage(body: Buffer): ModelPage | undefined {
  try {
    const page = JSON.parse(body.toString()) as Partial<ModelPage>;
    return Array.isArray(page.data) ? (page as ModelPage) : undefined;
  } catch {
    return undefined;
  }
}

function modelInfo(entry: unknown): readonly ModelInfo[] {
  const {
    id,
    display_name: name,
    max_input_tokens: context,
    max_tokens: output,
  } = (entry ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof id !== 'string') return [];
  return [
    {
      id,
      ...(typeof name === 'string' && { displayName: name }),
      ...(typeof context === 'number' && { contextTokens: context }),
      ...(typeof output === 'number' && { maxOutputTokens: output }),
    },
  ];
}
