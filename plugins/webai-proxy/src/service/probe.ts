import { readBody } from '@cliproxy/plugin-api';
import type { AccountContext, HealthProbe, HealthReport } from '@cliproxy/plugin-api';
import type { Service } from '../config.ts';
import { isObject } from '../json-object.ts';
import type { KnownKind } from './known-kind.ts';

const MAX_STATUS_BYTES = 1024 * 1024;
const UP: HealthReport = { status: 'up' };

/**
 * Asks `/ready`, then `/health`, then `/v1/models`: the first that the service has decides. While it
 * is down, its models are not offered.
 */
export function serviceProbe({ root }: Service, kinds: KnownKind): HealthProbe {
  return {
    id: 'service',
    intervalMs: 30_000,
    timeoutMs: 15_000,
    affects: 'readiness',
    async check(context) {
      await kinds.look(context);
      const ready = await statusOf(`${root}/ready`, context);
      if (ready === 503 && (await isReadyWithoutBrowser(root, context))) return UP;
      if (!isMissing(ready)) return reportOf('/ready', ready);
      const health = await statusOf(`${root}/health`, context);
      if (!isMissing(health)) return reportOf('/health', health);
      const list = await statusOf(`${root}/v1/models`, context);
      // The older WebAI-to-API has no list; what answers so is there.
      return isMissing(list) ? UP : reportOf('/v1/models', list);
    },
  };
}

/**
 * WebAI-to-API is "not ready" for as long as nobody has used its browser, which its usual way to
 * Gemini never does.
 *
 * @see https://github.com/Amm1rr/WebAI-to-API/blob/master/src/app/endpoints/system.py
 */
async function isReadyWithoutBrowser(
  root: string,
  { http, signal }: AccountContext,
): Promise<boolean> {
  const reply = await http.request(
    { method: 'GET', url: `${root}/v1/runtime/status`, headers: {} },
    signal,
  );
  if (reply.status !== 200) {
    reply.body.destroy();
    return false;
  }
  try {
    const status: unknown = JSON.parse((await readBody(reply, MAX_STATUS_BYTES)).toString());
    const engine = isObject(status) ? status['engine'] : undefined;
    return isObject(engine) && engine['status'] === 'NOT_INITIALIZED';
  } catch {
    return false;
  }
}

async function statusOf(url: string, { http, signal }: AccountContext): Promise<number> {
  const { status, body } = await http.request({ method: 'GET', url, headers: {} }, signal);
  body.destroy();
  return status;
}

function isMissing(status: number): boolean {
  return status === 404 || status === 405;
}

function reportOf(path: string, status: number): HealthReport {
  if (status >= 200 && status < 300) return UP;
  const remedy = REMEDIES[status] ?? 'look at its log; it is asked again soon';
  // A service that answers so is there; what it wants is told by its answers.
  const isThere = status === 401 || status === 403 || status === 429;
  return {
    status: isThere ? 'degraded' : 'down',
    detail: `GET ${path} answered ${status}; ${remedy}`,
  };
}

const REMEDIES: Readonly<Record<number, string>> = {
  401: 'the service asks for a key: set apiKey',
  403: 'the service asks for a key: set apiKey',
  503: 'it says that it is not ready',
};
