import { GatewayError, isGatewayError, readBody } from '@cliproxy/plugin-api';
import type { AccountContext, ModelInfo } from '@cliproxy/plugin-api';
import type { Service, ServiceKind } from '../config.ts';
import { isObject } from '../json-object.ts';
import { kindTraits } from './kind-traits.ts';
import type { KnownKind } from './known-kind.ts';

const MAX_LIST_BYTES = 16 * 1024 * 1024;

/** What clients put before the service's names, so that no other vendor's model is meant. */
const PREFIX = 'webai-';

/**
 * The text models that the older WebAI-to-API takes; it lists none.
 *
 * @see https://github.com/Amm1rr/WebAI-to-API/blob/d5f1f320/src/schemas/request.py
 */
const LEGACY_MODELS: readonly string[] = [
  'gemini-2.5-pro',
  'gemini-2.5-flash',
  'gemini-2.0-flash',
  'gemini-2.0-flash-thinking',
];

/**
 * The models that are configured and those that the service lists, each as `webai-…`.
 *
 * @throws GatewayError `UPSTREAM_*` where the list can't be had and no model is configured.
 */
export async function listModels(
  service: Service,
  kinds: KnownKind,
  context: AccountContext,
): Promise<readonly ModelInfo[]> {
  const kind = await kinds.find(context);
  const ids = new Set(service.models);
  if (kind !== 'legacy') {
    for (const id of await listedIds(service, context)) ids.add(id);
  } else if (ids.size === 0) {
    for (const id of LEGACY_MODELS) ids.add(id);
  }
  return [...ids].map((id) => modelInfo(id, kind));
}

function modelInfo(id: string, kind: ServiceKind): ModelInfo {
  const { lacks, refuses } = kindTraits[kind];
  return { id: PREFIX + id, upstreamId: id, lacks: [...lacks, ...ownLacks(id, kind)], refuses };
}

/** WebAI-to-API takes files by Gemini's web interface alone. */
function ownLacks(id: string, kind: ServiceKind): NonNullable<ModelInfo['lacks']> {
  return kind === 'webai' && /^(?:playwright|atlas)\//u.test(id) ? ['images'] : [];
}

async function listedIds(service: Service, context: AccountContext): Promise<readonly string[]> {
  try {
    return await discoverIds(service, context);
  } catch (error) {
    if (service.models.length === 0) throw error;
    // What is configured must not depend on what the service says.
    const reason = isGatewayError(error) ? error.message : 'it was not answered';
    context.logger.info(`only the configured models are offered: ${reason}`);
    return [];
  }
}

async function discoverIds(
  { root }: Service,
  { http, signal }: AccountContext,
): Promise<readonly string[]> {
  const reply = await http.request(
    { method: 'GET', url: `${root}/v1/models`, headers: { accept: 'application/json' } },
    signal,
  );
  if (reply.status !== 200) {
    reply.body.destroy();
    const message = `GET /v1/models answered ${reply.status}; a service without a list needs its models configured`;
    throw new GatewayError('UPSTREAM_FAILED', message);
  }
  const ids = readIds(await readBody(reply, MAX_LIST_BYTES));
  if (ids !== undefined) return ids;
  const message =
    'GET /v1/models answered 200, but with no list of models; check baseUrl, or configure models';
  throw new GatewayError('UPSTREAM_BAD_ANSWER', message);
}

/** gpt4free lists its providers among the models, with `provider: true`. */
function readIds(body: Buffer): readonly string[] | undefined {
  try {
    const list: unknown = JSON.parse(body.toString());
    if (!isObject(list) || !Array.isArray(list['data'])) return undefined;
    return (list['data'] as readonly unknown[]).flatMap((entry) =>
      isObject(entry) &&
      typeof entry['id'] === 'string' &&
      entry['id'] !== '' &&
      entry['provider'] !== true
        ? [entry['id']]
        : [],
    );
  } catch {
    return undefined;
  }
}
