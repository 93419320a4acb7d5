import { GatewayError, readBody } from '@cliproxy/plugin-api';
import type { AccountContext, ModelInfo } from '@cliproxy/plugin-api';
import type { ChatGptConfig } from './config.ts';

const MAX_LIST_BYTES = 4 * 1024 * 1024;

/** Models of the vendor's list that do not answer chats. */
const NOT_FOR_CHAT =
  /embedding|whisper|tts|dall-e|moderation|transcribe|realtime|image|sora|audio|davinci|babbage|instruct/u;

/**
 * The models that an account can use.
 *
 * @see https://platform.openai.com/docs/api-reference/models/list
 * @throws GatewayError `UPSTREAM_FAILED` when the list can't be had.
 */
export async function listModels(
  config: ChatGptConfig,
  context: AccountContext,
): Promise<readonly ModelInfo[]> {
  const reply = await context.http.request(
    { method: 'GET', url: `${config.baseUrl}/models`, headers: { accept: 'application/json' } },
    context.signal,
  );
  const body = await readBody(reply, MAX_LIST_BYTES);
  if (reply.status !== 200) {
    throw new GatewayError('UPSTREAM_FAILED', `the model list answered ${reply.status}`, {
      failure: { kind: 'upstream', scope: 'instance' },
    });
  }
  const list = JSON.parse(body.toString()) as { data?: readonly { id?: unknown }[] };
  return (list.data ?? []).flatMap(({ id }) =>
    typeof id === 'string' && !NOT_FOR_CHAT.test(id) ? [{ id }] : [],
  );
}
