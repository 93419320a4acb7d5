import type { EventExecutor, ModelEvent, ModelRequest, CallContext } from '@cliproxy/plugin-api';
import { eventsOf } from './answer.js';
import { failureOf } from './failure.js';
import { jsonLines } from './json-lines.js';
import { LACKS, listModels } from './models.js';
import { questionOf } from './question.js';

/**
 * Asks the API, and makes events of what it answers. Clients speak their own dialects: the gateway
 * reads their requests before, and writes the events in their words after.
 *
 * @param root - the API's address, without a slash at its end.
 */
export function providerExecutor(root: string): EventExecutor {
  return {
    kind: 'events',
    models: (context) => listModels(root, context),
    // What holds for names of the manifest's patterns that the API does not list.
    unlisted: { lacks: LACKS },
    run: (request, call) => answer(root, request, call),
  };
}

/**
 * A generator pulls: the next piece is read from the API only when the gateway asks for the next event,
 * so a slow client holds the API back. When the client leaves, `signal` is aborted and the generator
 * ends wherever it waits.
 */
async function* answer(
  root: string,
  request: ModelRequest,
  { http, signal }: CallContext,
): AsyncGenerator<ModelEvent> {
  const reply = await http.request(
    {
      method: 'POST',
      url: `${root}/chat`,
      headers: { 'content-type': 'application/json', accept: 'application/x-ndjson' },
      body: Buffer.from(JSON.stringify(questionOf(request))),
    },
    signal,
  );
  if (reply.status !== 200) {
    // A body is read to its end or destroyed, or its connection is lost.
    reply.body.destroy();
    throw failureOf(reply);
  }
  yield* eventsOf(jsonLines(reply.body));
}
