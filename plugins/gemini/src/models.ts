import { GatewayError, readBody } from '@cliproxy/plugin-api';
import type { AccountContext, ModelInfo, WireReply } from '@cliproxy/plugin-api';

const PATH = '/v1beta/models';
const MAX_LIST_BYTES = 4 * 1024 * 1024;
const PAGE_ENTRIES = 1000;
const MAX_PAGES = 20;

/**
 * The models that an account can use and that answer chats.
 *
 * @param root - the API's address, without a slash at its end.
 * @see https://ai.google.dev/api/models
 * @throws GatewayError `UPSTREAM_FAILED` when the vendor gives no list, `UPSTREAM_BAD_ANSWER` when
 *   what it gives is none.
 */
export async function listModels(
  root: string,
  context: AccountContext,
): Promise<readonly ModelInfo[]> {
  const models: ModelInfo[] = [];
  let token: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const { models: entries, nextPageToken: next } = await fetchPage(root, context, token);
    models.push(...entries.flatMap(modelInfo));
    if (typeof next !== 'string' || next === '' || next === token) break;
    token = next;
  }
  return models;
}

/** Asks for a page of the list: costs no tokens, and needs a key that serves. */
export function requestModels(
  root: string,
  { http, signal }: Pick<AccountContext, 'http' | 'signal'>,
  { entries, token }: { readonly entries: number; readonly token?: string | undefined },
): Promise<WireReply> {
  const start = token === undefined ? '' : `&pageToken=${encodeURIComponent(token)}`;
  return http.request(
    {
      method: 'GET',
      url: `${root}${PATH}?pageSize=${entries}${start}`,
      headers: { accept: 'application/json' },
    },
    signal,
  );
}

/** What a status says that came in place of the list. Names the path alone, never the body. */
export function refusal(root: string, status: number): string {
  const remedies: Readonly<Record<number, string>> = {
    // Gemini's word for a key that it does not know, and for a region that it does not serve.
    400: "replace the API key, or look whether Gemini serves this machine's region",
    401: 'replace the API key',
    403: "check the key's permissions",
    404: 'check baseUrl',
    429: 'the rate limit is reached',
  };
  return `GET ${pathOf(root)} answered ${status}; ${remedies[status] ?? 'it is tried again'}`;
}

interface ModelPage {
  readonly models: readonly unknown[];
  readonly nextPageToken?: unknown;
}

async function fetchPage(
  root: string,
  context: AccountContext,
  token: string | undefined,
): Promise<ModelPage> {
  const reply = await requestModels(root, context, { entries: PAGE_ENTRIES, token });
  if (reply.status !== 200) {
    reply.body.destroy();
    throw new GatewayError('UPSTREAM_FAILED', refusal(root, reply.status));
  }
  const page = readPage(await readBody(reply, MAX_LIST_BYTES));
  if (page !== undefined) return page;
  throw new GatewayError(
    'UPSTREAM_BAD_ANSWER',
    `GET ${pathOf(root)} answered 200, but with no list of models; check baseUrl`,
  );
}

function pathOf(root: string): string {
  return new URL(root + PATH).pathname;
}

function readPage(body: Buffer): ModelPage | undefined {
  try {
    const page = JSON.parse(body.toString()) as Partial<ModelPage>;
    return Array.isArray(page.models) ? (page as ModelPage) : undefined;
  } catch {
    return undefined;
  }
}

/** An entry as the gateway lists it; nothing where it answers no chats, or is none. */
function modelInfo(entry: unknown): readonly ModelInfo[] {
  const {
    name,
    displayName,
    inputTokenLimit: input,
    outputTokenLimit: output,
    supportedGenerationMethods: methods,
  } = (entry ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof name !== 'string') return [];
  if (!Array.isArray(methods) || !methods.includes('generateContent')) return [];
  return [
    {
      id: name.replace(/^models\//u, ''),
      ...(typeof displayName === 'string' && { displayName }),
      ...(typeof input === 'number' && { contextTokens: input }),
      ...(typeof output === 'number' && { maxOutputTokens: output }),
    },
  ];
}
