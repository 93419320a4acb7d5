import type { CallContext, EventExecutor, ModelEvent, ModelRequest } from '@cliproxy/plugin-api';
import { eventsOf } from './answer.ts';
import type { AcmeApi } from './config.ts';
import { refusalOf } from './failure.ts';
import { jsonLines } from './json-lines.ts';
import { LACKS, REFUSES, listModels } from './models.ts';
import { questionOf } from './question.ts';

/**
 * Asks Acme, and makes events of what it answers. Clients speak their own dialects: the gateway has read
 * their requests before, and writes the events in their words after.
 */
export function acmeExecutor(api: AcmeApi): EventExecutor {
  return {
    kind: 'events',
    models: (context) => listModels(api, context),
    // What holds for names that the manifest's patterns let through and Acme does not list.
    unlisted: { lacks: LACKS, refuses: REFUSES },
    run: (request, call) => answer(api, request, call),
  };
}

/**
 * A generator pulls: more is read from Acme only when the gateway asks for the next event, so a slow
 * client slows Acme down. When the client leaves, `signal` is aborted, and with it whatever is awaited.
 */
async function* answer(
  api: AcmeApi,
  request: ModelRequest,
  { http, signal }: CallContext,
): AsyncGenerator<ModelEvent> {
  const reply = await http.request(
    {
      method: 'POST',
      url: `${api.root}/v2/talks`,
      headers: { 'content-type': 'application/json', accept: 'application/x-ndjson' },
      body: Buffer.from(JSON.stringify(questionOf(request))),
    },
    signal,
  );
  // A status that is no success is an answer too, not a throw: it says who is at fault.
  if (reply.status !== 200) throw await refusalOf(reply, api.clock);
  yield* eventsOf(jsonLines(reply.body), api.clock);
}
