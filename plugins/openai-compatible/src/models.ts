import { GatewayError, readBody } from '@cliproxy/plugin-api';
import type { AccountContext, ModelInfo } from '@cliproxy/plugin-api';
import type { CompatibleConfig, ConfiguredModel } from './config.ts';

const MAX_LIST_BYTES = 16 * 1024 * 1024;

/**
 * The configured models, and those that the service lists. Entries that the service marks as
 * providers, not models (`provider: true`, as gpt4free does), are left out.
 *
 * @throws GatewayError `UPSTREAM_FAILED` when the list can't be had and none is configured.
 */
export async function listModels(
  config: CompatibleConfig,
  context: AccountContext,
): Promise<readonly ModelInfo[]> {
  const configured = config.models.flatMap(modelInfos);
  if (!config.discover) return configured;
  const known = new Set(configured.map(({ id }) => id));
  try {
    const discovered = await discover(config, context);
    return [...configured, ...discovered.filter(({ id }) => !known.has(id))];
  } catch (error) {
    if (configured.length === 0) throw error;
    context.logger.debug('the service gave no list of models; the configured ones are used');
    return configured;
  }
}

function modelInfos(model: ConfiguredModel): readonly ModelInfo[] {
  const { id, alias, ...facts } = model;
  return alias === undefined
    ? [{ id, ...facts }]
    : [
        { id: alias, upstreamId: id, ...facts },
        { id, ...facts },
      ];
}

async function discover(
  config: CompatibleConfig,
  context: AccountContext,
): Promise<readonly ModelInfo[]> {
  const reply = await context.http.request(
    {
      method: 'GET',
      url: `${config.baseUrl}/models`,
      headers: { accept: 'application/json', ...config.headers },
    },
    context.signal,
  );
  const body = await readBody(reply, MAX_LIST_BYTES);
  if (reply.status !== 200) {
    throw new GatewayError('UPSTREAM_FAILED', `the model list answered ${reply.status}`, {
      failure: { kind: 'upstream', scope: 'instance' },
    });
  }
  const list = JSON.parse(body.toString()) as {
    data?: readonly { id?: unknown; provider?: unknown }[];
  };
  return (list.data ?? []).flatMap(({ id, provider }) =>
    typeof id === 'string' && provider !== true ? [{ id }] : [],
  );
}
