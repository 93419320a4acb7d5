import { GatewayError, readBody } from '@cliproxy/plugin-api';
import type { CallContext, WireReply } from '@cliproxy/plugin-api';
import type { CtonewService } from '../config.ts';
import { failureOfStatus } from '../failure-of-status.ts';
import { objectOf, parseObject, textOf } from '../json-object.ts';

/** What is asked. */
export interface Chat {
  /** Chosen by us; names the stream of the answer. */
  readonly chatHistoryId: string;
  readonly prompt: string;
  /** The model, as the web page calls it. */
  readonly adapterName: string;
}

const PATH = '/engine-agent/chat';
const MAX_BYTES = 256 * 1024;
/** What is longer is no sentence. Cut off, it might hold the half of a secret. */
const MAX_SENTENCE_CHARS = 1_000;

/** Creates a chat. Its answer does not come with the reply. @throws GatewayError `UPSTREAM_*` */
export async function createChat(
  { api, origin, clock }: CtonewService,
  { prompt, chatHistoryId, adapterName }: Chat,
  { http, signal }: Pick<CallContext, 'http' | 'signal'>,
): Promise<void> {
  const reply = await http.request(
    {
      method: 'POST',
      url: api + PATH,
      headers: { 'content-type': 'application/json', accept: 'application/json', origin },
      body: Buffer.from(JSON.stringify({ prompt, chatHistoryId, adapterName })),
    },
    signal,
  );
  const text = (await readBody(reply, MAX_BYTES)).toString();
  if (reply.status < 200 || reply.status > 299) {
    const told = sentenceIn(text);
    const what = `POST ${PATH} answered ${reply.status}${told === undefined ? '' : `: ${told}`}`;
    throw failureOfStatus(reply, what, clock);
  }
  if (isPage(reply)) throw pageInstead();
}

function sentenceIn(text: string): string | undefined {
  const body = parseObject(text);
  const error = body?.['error'];
  const told = textOf(objectOf(error)?.['message']) ?? textOf(error) ?? textOf(body?.['message']);
  return told !== undefined && told.length <= MAX_SENTENCE_CHARS ? told : undefined;
}

function isPage({ headers }: WireReply): boolean {
  return /^text\/html/iu.test([headers['content-type']].flat()[0] ?? '');
}

function pageInstead(): GatewayError {
  const message = `POST ${PATH} answered with a web page in the place of JSON; check apiBaseUrl`;
  return new GatewayError('UPSTREAM_BAD_ANSWER', message, {
    failure: { kind: 'upstream', scope: 'account', message },
  });
}
