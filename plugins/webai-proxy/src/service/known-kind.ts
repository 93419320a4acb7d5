import { readBody } from '@cliproxy/plugin-api';
import type { HttpClient } from '@cliproxy/plugin-api';
import type { Service, ServiceKind, WebaiConfig } from '../config.ts';
import { isObject } from '../json-object.ts';

const MAX_DESCRIPTION_BYTES = 4 * 1024 * 1024;

/** Who asks, and for how long. */
export interface Asker {
  readonly http: HttpClient;
  readonly signal: AbortSignal;
}

/**
 * Knows what kind of service it is. Every kind but `plain` is made with FastAPI, which tells its
 * routes in `GET /openapi.json`. It is looked at anew with each probe: the older WebAI-to-API can
 * serve gpt4free's API on the same port.
 */
export class KnownKind {
  readonly #root: string;
  readonly #given: ServiceKind | undefined;
  #found: ServiceKind | undefined;

  constructor({ root }: Service, { compat }: Pick<WebaiConfig, 'compat'>) {
    this.#root = root;
    this.#given = compat === 'auto' ? undefined : compat;
  }

  /** As far as it is known; `plain` until then. */
  get now(): ServiceKind {
    return this.#given ?? this.#found ?? 'plain';
  }

  /** Asks where it is not known. @throws GatewayError `UPSTREAM_*` where no connection can be made. */
  async find(asker: Asker): Promise<ServiceKind> {
    return this.#given ?? this.#found ?? this.look(asker);
  }

  /** Asks in any case, unless it is configured. @throws as {@link KnownKind.find} */
  async look({ http, signal }: Asker): Promise<ServiceKind> {
    if (this.#given !== undefined) return this.#given;
    const reply = await http.request(
      { method: 'GET', url: `${this.#root}/openapi.json`, headers: { accept: 'application/json' } },
      signal,
    );
    const { status } = reply;
    if (status !== 200) reply.body.destroy();
    // One that has trouble, or wants a key, has said nothing about what it is.
    if (status === 401 || status === 429 || status >= 500) return this.now;
    const paths = status === 200 ? pathsIn(await readBody(reply, MAX_DESCRIPTION_BYTES)) : [];
    this.#found = kindOf(new Set(paths));
    return this.#found;
  }
}

function kindOf(paths: ReadonlySet<string>): ServiceKind {
  if (paths.has('/v1/upload_cookies') && paths.has('/v1/providers')) return 'g4f';
  if (paths.has('/v1/runtime/status')) return 'webai';
  const isOlder = paths.has('/gemini-chat') && paths.has('/v1/chat/completions');
  // Between the two there was one with a list of models, which takes conversations.
  return isOlder && !paths.has('/v1/models') ? 'legacy' : isOlder ? 'webai' : 'plain';
}

function pathsIn(body: Buffer): readonly string[] {
  try {
    const description: unknown = JSON.parse(body.toString());
    return isObject(description) && isObject(description['paths'])
      ? Object.keys(description['paths'])
      : [];
  } catch {
    return [];
  }
}
