import { GatewayError, readBody } from '@cliproxy/plugin-api';
import type { AccountContext, WireReply } from '@cliproxy/plugin-api';
import type { CtonewMode, CtonewService } from '../config.ts';
import { failureOfStatus } from '../failure-of-status.ts';
import { listOf, objectOf, textOf } from '../json-object.ts';

const MAX_LIST_BYTES = 4 * 1024 * 1024;

/** Where the list is, and what an entry calls the name that requests need. */
const LISTS: Readonly<Record<CtonewMode, { readonly path: string; readonly key: string }>> = {
  cli: { path: '/models', key: 'id' },
  web: { path: '/chat/adapters', key: 'engineAgentKey' },
};

/** What the web page offered before it had a list. */
const ADAPTERS = ['ClaudeSonnet4_5', 'GPT5'];

/**
 * The models that an account can use, by the upstream's names, with those of the configuration.
 *
 * @throws GatewayError `UPSTREAM_*` where there is no list, and none is configured.
 */
export async function listUpstreamIds(
  service: CtonewService,
  context: Pick<AccountContext, 'http' | 'signal'>,
): Promise<readonly string[]> {
  const { models, mode, clock } = service;
  const reply = await requestList(service, context);
  const found = await readList(reply, service);
  if (found !== undefined) return [...new Set([...models, ...found])];
  if (models.length > 0) return models;
  const missing = reply.status === 404 || reply.status === 405;
  if (mode === 'web' && missing) return ADAPTERS;
  if (reply.status === 200) {
    throw new GatewayError('UPSTREAM_BAD_ANSWER', `${listName(service)} answered with no list`);
  }
  const { status, headers } = reply;
  throw failureOfStatus({ status, headers }, `${listName(service)} answered ${status}`, clock);
}

/** Asks for the list: costs nothing. */
export function requestList(
  { api, mode, origin }: CtonewService,
  { http, signal }: Pick<AccountContext, 'http' | 'signal'>,
): Promise<WireReply> {
  return http.request(
    {
      method: 'GET',
      url: api + LISTS[mode].path,
      headers: { accept: 'application/json', ...(mode === 'web' && { origin }) },
    },
    signal,
  );
}

/** How it is called in messages. */
export function listName({ mode }: Pick<CtonewService, 'mode'>): string {
  return `GET ${LISTS[mode].path}`;
}

async function readList(
  reply: WireReply,
  { mode }: CtonewService,
): Promise<readonly string[] | undefined> {
  if (reply.status !== 200) {
    reply.body.destroy();
    return undefined;
  }
  const text = (await readBody(reply, MAX_LIST_BYTES)).toString();
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return undefined;
  }
  const entries = Array.isArray(body) ? body : objectOf(body)?.['data'];
  if (!Array.isArray(entries)) return undefined;
  return listOf(entries).flatMap((entry) => textOf(objectOf(entry)?.[LISTS[mode].key]) ?? []);
}
