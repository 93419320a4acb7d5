import { GatewayError, isGatewayError, readBody } from '@cliproxy/plugin-api';
import type { AccountContext, ModelInfo, WireReply } from '@cliproxy/plugin-api';
import type { CompatibleConfig, ConfiguredModel, Service } from './config.ts';

const MAX_LIST_BYTES = 16 * 1024 * 1024;

/**
 * The configured models, and those that the service lists.
 *
 * @throws GatewayError `UPSTREAM_FAILED` or `UPSTREAM_BAD_ANSWER` when the list can't be had and no
 *   model is configured.
 */
export async function listModels(
  service: Service,
  { models, discover }: CompatibleConfig,
  context: AccountContext,
): Promise<readonly ModelInfo[]> {
  const configured = models.flatMap(modelInfos);
  if (!discover) return configured;
  const known = new Set(configured.map(({ id }) => id));
  try {
    const discovered = await discoverIds(service, context);
    return [
      ...configured,
      ...discovered.filter((id) => !known.has(id)).map((id): ModelInfo => ({ id })),
    ];
  } catch (error) {
    if (configured.length === 0) throw error;
    // What is configured must not depend on what the service says.
    const reason = isGatewayError(error) ? error.message : 'it was not answered';
    context.logger.info(`only the configured models are offered: ${reason}`);
    return configured;
  }
}

/** Asks for the list: costs no tokens. */
export function requestModels(
  { root, headers }: Service,
  { http, signal }: Pick<AccountContext, 'http' | 'signal'>,
): Promise<WireReply> {
  return http.request(
    {
      method: 'GET',
      url: `${root}/models`,
      headers: { ...headers, accept: 'application/json' },
    },
    signal,
  );
}

/** What a status says that came in place of the list. Names the path alone, never the body. */
export function refusal({ root }: Service, status: number): string {
  const remedies: Readonly<Record<number, string>> = {
    401: 'add or replace the key under apiKeys',
    403: "check the key's permissions",
    404: 'check baseUrl; a service without a list needs its models configured',
    405: 'a service without a list needs its models configured',
    429: 'the rate limit is reached',
  };
  return `GET ${pathOf(root)} answered ${status}; ${remedies[status] ?? 'it is tried again'}`;
}

/**
 * An alias comes first, so that the service's own name is listed beside it, not before. What a model
 * is asked in is said by the executor's `speaksFor`.
 */
function modelInfos(model: ConfiguredModel): readonly ModelInfo[] {
  const { id, alias, lacks, refuses, contextTokens, maxOutputTokens } = model;
  const facts = {
    ...(lacks && { lacks }),
    ...(refuses && { refuses }),
    ...(contextTokens !== undefined && { contextTokens }),
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
  };
  const own = { id, ...facts };
  return alias === undefined ? [own] : [{ id: alias, upstreamId: id, ...facts }, own];
}

async function discoverIds(service: Service, context: AccountContext): Promise<readonly string[]> {
  const reply = await requestModels(service, context);
  if (reply.status !== 200) {
    reply.body.destroy();
    throw new GatewayError('UPSTREAM_FAILED', refusal(service, reply.status));
  }
  const ids = readIds(await readBody(reply, MAX_LIST_BYTES));
  if (ids !== undefined) return ids;
  throw new GatewayError(
    'UPSTREAM_BAD_ANSWER',
    `GET ${pathOf(service.root)} answered 200, but with no list of models; check baseUrl, or ` +
      'configure the models and set discover: false',
  );
}

function pathOf(root: string): string {
  return new URL(`${root}/models`).pathname;
}

interface ListEntry {
  readonly id?: unknown;
  /** `true` where gpt4free lists a provider among the models. */
  readonly provider?: unknown;
}

function readIds(body: Buffer): readonly string[] | undefined {
  try {
    const { data } = JSON.parse(body.toString()) as { readonly data?: unknown };
    if (!Array.isArray(data)) return undefined;
    return data.flatMap((entry: ListEntry | null) =>
      typeof entry?.id === 'string' && entry.provider !== true ? [entry.id] : [],
    );
  } catch {
    return undefined;
  }
}
