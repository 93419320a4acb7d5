import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { startScriptedUpstream } from '@cliproxy/plugin-testkit';
import type {
  AnswerScript,
  OAuthServer,
  ReceivedRequest,
  TokenProxy,
} from '@cliproxy/plugin-testkit';
import { startChatGptAuthority } from '../../plugins/llmux-chatgpt/test/chatgpt-authority.ts';
import { planApi } from '../../plugins/llmux-chatgpt/test/plan-api.ts';
import { startClaudeAuthority } from '../../plugins/llmux-claude/test/claude-authority.ts';

/** A vendor as people have accounts at: pages to log in on, and an API that takes what they give. */
export interface LlmuxVendor {
  readonly server: OAuthServer;
  readonly tokens: TokenProxy;
  /** The instance's lines under `plugins`. */
  readonly instance: object;
  /** A model that it serves. */
  readonly model: string;
  /** Whose token the last request carried; undefined: of nobody who is logged in. */
  lastAsker(): Promise<string | undefined>;
  /** The API takes the token of the last request no more, though it has not ended. */
  refuseLastToken(): void;
  close(): Promise<void>;
}

export const llmuxVendors: Readonly<Record<string, () => Promise<LlmuxVendor>>> = {
  claude: async () => {
    const authority = await startClaudeAuthority(true);
    const api = await startApi(authority.server, claudeApi);
    return {
      ...vendorOf(authority, api),
      model: 'claude-of-the-tests',
      instance: {
        package: '@cliproxy/plugin-llmux-claude',
        config: {
          baseUrl: api.url,
          oauth: { ...authority.config, callbackPort: await freePort() },
        },
      },
    };
  },
  chatgpt: async () => {
    const authority = await startChatGptAuthority(true);
    const api = await startApi(authority.server, (request) =>
      planApi(() => tokenOf(request))(request),
    );
    return {
      ...vendorOf(authority, api),
      model: 'gpt-plan',
      instance: {
        package: '@cliproxy/plugin-llmux-chatgpt',
        config: {
          baseUrl: `${api.url}/v1`,
          signIn: { ...authority.config, callbackPort: await freePort() },
        },
      },
    };
  },
};

type Api = Awaited<ReturnType<typeof startApi>>;

function vendorOf(
  {
    server,
    tokens,
    close,
  }: Pick<LlmuxVendor, 'server' | 'tokens'> & { readonly close: () => Promise<void> },
  api: Api,
) {
  return {
    server,
    tokens,
    lastAsker: () => server.whoHas(api.lastToken()),
    refuseLastToken: () => api.refused.add(api.lastToken()),
    close: async () => {
      await api.close();
      await close();
    },
  };
}

/** Answers whoever is logged in. */
async function startApi(server: OAuthServer, script: AnswerScript) {
  const refused = new Set<string>();
  const upstream = await startScriptedUpstream();
  const asked: string[] = [];
  upstream.answer(async (request) => {
    const token = tokenOf(request);
    if (request.method === 'POST') asked.push(token);
    if (!refused.has(token) && (await server.isActive(token))) return script(request);
    const error = { type: 'authentication_error', message: 'the token is not valid' };
    return { status: 401, body: JSON.stringify({ type: 'error', error }) };
  });
  return {
    url: upstream.url,
    refused,
    lastToken: () => asked.at(-1) ?? '',
    close: () => upstream.close(),
  };
}

function tokenOf({ headers }: ReceivedRequest): string {
  return headers.authorization?.slice('Bearer '.length) ?? '';
}

const claudeApi: AnswerScript = ({ method }) =>
  method === 'GET'
    ? {
        body: JSON.stringify({
          data: [
            {
              type: 'model',
              id: 'claude-of-the-tests',
              display_name: 'Claude of the tests',
              created_at: '2026-01-01T00:00:00Z',
            },
          ],
          has_more: false,
        }),
      }
    : {
        body: JSON.stringify({
          id: 'msg_1',
          type: 'message',
          role: 'assistant',
          model: 'claude-of-the-tests',
          content: [{ type: 'text', text: 'hello' }],
          stop_reason: 'end_turn',
          stop_sequence: null,
          usage: { input_tokens: 3, output_tokens: 1 },
        }),
      };

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
