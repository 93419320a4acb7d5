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
 * @throws GatewayError `UPSTREAM_FAILED` when the vendor gives no list, `UPSTREAM_BAD_ANSWER` when
 *   what it gives is none.
 */
export async function listModels(
  root: string,
  context: AccountContext,
): Promise<readonly ModelInfo[]> {
  const reply = await requestModels(root, context);
  if (reply.status !== 200) {
    reply.body.destroy();
    throw new GatewayError('UPSTREAM_FAILED', refusal(root, reply.status));
  }
  const ids = readIds(await readBody(reply, MAX_LIST_BYTES));
  if (ids === undefined) {
    throw new GatewayError(
      'UPSTREAM_BAD_ANSWER',
      `GET ${pathOf(root)} answered 200, but with no list of models; check baseUrl`,
    );
  }
  return ids.filter((id) => !NOT_SERVED.test(id)).map((id) => ({ id }));
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
    401: 'replace the API key',
    403: "check the key's permissions",
    404: 'check baseUrl',
    429: 'the rate limit is reached',
  };
  return `GET ${pathOf(root)} answered ${status}; ${remedies[status] ?? 'it is tried again'}`;
}

function pathOf(root: string): string {
  return new URL(`${root}/models`).pathname;
}

function readIds(body: Buffer): readonly string[] | undefined {
  try {
    const { data } = JSON.parse(body.toString()) as { readonly data?: unknown };
    if (!Array.isArray(data)) return undefined;
    return data.flatMap((entry: { readonly id?: unknown } | null) =>
      typeof entry?.id === 'string' ? [entry.id] : [],
    );
  } catch {
    return undefined;
  }
}
