import { GatewayError, readBody } from '@cliproxy/plugin-api';
import type { AccountContext, ModelInfo, WireReply } from '@cliproxy/plugin-api';

const MAX_LIST_BYTES = 4 * 1024 * 1024;

/** Models of the vendor's list that neither answer nor embed; the list itself does not say which. */
const NOT_SERVED =
  /whisper|tts|dall-e|moderation|transcribe|realtime|image|sora|audio|davinci|babbage|instruct/u;

/**
 * The models that an account can use.
 *
 * @param root - the API's address, without a slash at its end.
 * @see https://platform.openai.com/docs/api-reference/models/list
 * @throws GatewayError as {@link fetchList}.
 */
export async function listModels(
  root: string,
  context: AccountContext,
): Promise<readonly ModelInfo[]> {
  const entries = await fetchList(root, context, 'data');
  return entries.flatMap((entry) => {
    const { id } = (entry ?? {}) as { readonly id?: unknown };
    return typeof id === 'string' && !NOT_SERVED.test(id) ? [{ id }] : [];
  });
}

/**
 * The entries of the list.
 *
 * @param name - under which they stand in the answer.
 * @throws GatewayError `UPSTREAM_FAILED` when the vendor gives no list, `UPSTREAM_BAD_ANSWER` when
 *   what it gives is none.
 */
export async function fetchList(
  root: string,
  context: AccountContext,
  name: 'data' | 'models',
): Promise<readonly unknown[]> {
  const reply = await requestModels(root, context);
  if (reply.status !== 200) {
    reply.body.destroy();
    throw new GatewayError('UPSTREAM_FAILED', refusal(root, reply.status));
  }
  const entries = readList(await readBody(reply, MAX_LIST_BYTES), name);
  if (entries !== undefined) return entries;
  throw new GatewayError(
    'UPSTREAM_BAD_ANSWER',
    `GET ${pathOf(root)} answered 200, but with no list of models; check baseUrl`,
  );
}

/** Asks for the list: costs no tokens, and needs a key that serves. */
export function requestModels(
  root: string,
  { http, signal }: Pick<AccountContext, 'http' | 'signal'>,
): Promise<WireReply> {
  return http.request(
    { method: 'GET', url: `${root}/models`, headers: { accept: 'application/json' } },
    signal,
  );
}

/** What a status says that came in place of the list. Names the path alone, never the body. */
export function refusal(root: string, status: number): string {
  const remedies: Readonly<Record<number, string>> = {
    401: 'replace the API key, or log in again',
    403: 'check what the key or login may do',
    404: 'check baseUrl',
    429: 'the rate limit is reached',
  };
  return `GET ${pathOf(root)} answered ${status}; ${remedies[status] ?? 'it is tried again'}`;
}

function pathOf(root: string): string {
  return new URL(`${root}/models`).pathname;
}

function readList(body: Buffer, name: string): readonly unknown[] | undefined {
  try {
    const entries = (JSON.parse(body.toString()) as Readonly<Record<string, unknown>>)[name];
    return Array.isArray(entries) ? entries : undefined;
  } catch {
    return undefined;
  }
}
