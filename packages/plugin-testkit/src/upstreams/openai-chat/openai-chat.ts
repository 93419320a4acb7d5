import { errorOf, faultAnswer, refusalFault } from '../openai/faults.ts';
import { modelLine } from '../openai/model-line.ts';
import { modelList, modelOf, modelRoute } from '../openai/models.ts';
import type { Json } from '../shape.ts';
import type { Asked, VendorApi, VendorContext } from '../vendor-api.ts';
import { chunks, completion } from './answers.ts';
import { checkChat } from './checks.ts';
import { embeddings } from './embeddings.ts';
import { embeddingsBody } from './fields.ts';

/**
 * OpenAI's Chat Completions API with its embeddings, and the servers that are compatible with it.
 *
 * @see https://developers.openai.com/api/reference/resources/chat
 */
export function openaiChat(context: VendorContext): VendorApi {
  const speaksReasoning = (model: string): boolean =>
    context.options.reasoningContent ?? !modelLine(model).isOpenAi;
  const styleOf = (asked: Asked) => ({
    asked,
    context,
    speaksReasoning: speaksReasoning(asked.model),
  });
  return {
    basePath: '/v1',
    keyHeaders: ['authorization'],
    route(method, path) {
      if (method === 'POST' && path === '/chat/completions') return { operation: 'generate' };
      if (method === 'POST' && path === '/embeddings') return { operation: 'embed' };
      return modelRoute(method, path);
    },
    accept({ operation }, incoming) {
      const body = incoming.body as Json;
      if (operation === 'embed') embeddingsBody(body, []);
      else checkChat(body, speaksReasoning(String(body['model'])));
      const framing = body['stream'] === true ? 'sse' : 'whole';
      return { model: body['model'] as string, framing, body };
    },
    whole: (message, asked) => completion(message, styleOf(asked)),
    frames: (message, asked) => chunks(message, styleOf(asked)),
    faultFrame: (fault) => ({ place: 'closing', data: { error: errorOf(fault) } }),
    vectors: (vectors, { body }, tokens) => embeddings(vectors, body, tokens),
    models: modelList,
    model: modelOf,
    fault: (fault) => faultAnswer(fault, context.id('req_')),
    refuse: refusalFault,
  };
}
