import { randomUUID } from 'node:crypto';
import { GatewayError } from '@cliproxy/plugin-api';
import type { CallContext, EventExecutor, ModelEvent, ModelRequest } from '@cliproxy/plugin-api';
import type { CtonewService } from '../config.ts';
import type { ModelNames } from '../models/model-names.ts';
import { AnswerEvents } from './answer-events.ts';
import { endedEarly, openAnswerStream } from './answer-stream.ts';
import { createChat } from './create-chat.ts';
import { readFrame } from './frame.ts';
import { promptOf } from './prompt.ts';

/** Asks as the web page does: a chat is created, and its answer is heard by a WebSocket. */
export function webExecutor(service: CtonewService, names: ModelNames): EventExecutor {
  return {
    kind: 'events',
    models: (context) => names.list(context),
    run: (request, call) => answer(service, names, request, call),
  };
}

async function* answer(
  service: CtonewService,
  names: ModelNames,
  request: ModelRequest,
  call: CallContext,
): AsyncGenerator<ModelEvent> {
  const prompt = promptOf(request);
  const adapterName = await names.upstreamId(call);
  if (adapterName === undefined) throw unknownModel(call.model);
  const chat = { chatHistoryId: randomUUID(), prompt, adapterName };
  // Before the chat is created: what is told first would be lost otherwise.
  const stream = await openAnswerStream(service, chat.chatHistoryId, call);
  try {
    await createChat(service, chat, call);
    yield { type: 'start' };
    const events = new AnswerEvents(prompt);
    while (!events.finished) {
      const message = await stream.next();
      if (typeof message !== 'string') throw endedEarly(message, events.begun, service.clock);
      const frame = readFrame(message);
      if (frame.type === 'ping') stream.send('pong');
      else yield* events.push(frame);
    }
  } finally {
    stream.close();
  }
}

function unknownModel(model: string): GatewayError {
  const message = `cto.new does not offer the model ${model} to this account; GET /v1/models lists what it does`;
  return new GatewayError('UPSTREAM_NOT_FOUND', message, {
    failure: { kind: 'not-found', scope: 'model', message },
  });
}
