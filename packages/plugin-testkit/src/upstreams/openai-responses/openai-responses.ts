import { errorOf, faultAnswer, refusalFault } from '../openai/faults.ts';
import { modelList, modelOf, modelRoute } from '../openai/models.ts';
import type { Json } from '../shape.ts';
import type { VendorFault, VendorMessage } from '../vendor-answer.ts';
import type { Asked, Frame, VendorApi, VendorContext } from '../vendor-api.ts';
import { checkResponses } from './checks.ts';
import { eventsOf, numbered } from './events.ts';
import { IssuedItems } from './issued-items.ts';
import { outputOf } from './output.ts';
import { begunResponse, endedResponse } from './response.ts';

/**
 * OpenAI's Responses API.
 *
 * @see https://developers.openai.com/api/reference/resources/responses
 */
export function openaiResponses(context: VendorContext): VendorApi {
  const issued = new IssuedItems();
  const answer = (message: VendorMessage, asked: Asked) => {
    const id = context.id('resp_');
    const output = outputOf(message, asked, context);
    const items = output.map(({ item }) => item);
    issued.issue(id, items, asked.model, asked.body['store'] !== false);
    const begun = begunResponse(id, asked);
    return { begun, output, ended: endedResponse(begun, items, message) };
  };
  return {
    basePath: '/v1',
    keyHeaders: ['authorization'],
    route(method, path) {
      if (method === 'POST' && path === '/responses') return { operation: 'generate' };
      if (method === 'POST' && path === '/responses/input_tokens') return { operation: 'count' };
      return modelRoute(method, path);
    },
    accept({ operation }, incoming) {
      const body = incoming.body as Json;
      checkResponses(body, operation === 'count', issued);
      const framing = body['stream'] === true ? 'sse' : 'whole';
      return { model: body['model'] as string, framing, body };
    },
    whole: (message, asked) => answer(message, asked).ended,
    frames(message, asked) {
      const { begun, output, ended } = answer(message, asked);
      return eventsOf(begun, output, ended, message.stream?.interleaved === true);
    },
    faultFrame,
    count: (tokens) => ({ object: 'response.input_tokens', input_tokens: tokens }),
    models: modelList,
    model: modelOf,
    fault: (fault) => faultAnswer(fault, context.id('req_')),
    refuse: refusalFault,
  };
}

/** A response that has begun fails; where none has, there is an error alone. */
function faultFrame(fault: VendorFault, sent: readonly Frame[]): Frame {
  const { message, code, param } = errorOf(fault);
  const begun = (sent[0]?.data as { readonly response?: Json } | undefined)?.response;
  if (begun === undefined) return numbered({ type: 'error', code, message, param }, 0);
  const error = { code: code ?? 'server_error', message };
  const response = { ...begun, status: 'failed', error };
  return numbered({ type: 'response.failed', response }, sent.length);
}
