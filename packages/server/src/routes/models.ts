import { GatewayError } from '@cliproxy/plugin-api';
import { answerJson } from '../edge/answer.ts';
import { dialectOfHeaders } from '../errors/dialect-of-path.ts';
import type { Exchange } from '../edge/exchange.ts';
import { anthropicModels } from './models-anthropic.ts';
import { geminiModels } from './models-gemini.ts';
import { openaiModels } from './models-openai.ts';
import type { ModelShape } from './models-shape.ts';
import { modelName } from './gemini.ts';
import type { RouteHandler } from './route.ts';

/** `GET /v1/models`, in the shape that the client's SDK reads. */
export const listModels: RouteHandler = (exchange, _grant, context) => {
  const page = shapeFor(exchange).page(
    context.kernel.models(),
    new URLSearchParams(exchange.query),
  );
  answerJson(exchange, context.draining, page);
};

/** `GET /v1/models/{model}`. */
export const oneModel: RouteHandler = (exchange, _grant, context, named) => {
  const shape = shapeFor(exchange);
  const id = shape === geminiModels ? modelName('/v1beta/models', named) : named;
  const model = context.kernel.models().find((entry) => entry.id === id);
  if (model === undefined) {
    throw new GatewayError(
      'ROUTE_MODEL_NOT_FOUND',
      `there is no model ${JSON.stringify(id.slice(0, 200))} in the list; GET /v1/models shows it`,
    );
  }
  answerJson(exchange, context.draining, shape.one(model));
};

function shapeFor({ path, req }: Exchange): ModelShape {
  return path.startsWith('/v1beta/') ? geminiModels : SHAPES[dialectOfHeaders(req.headers)];
}

const SHAPES = {
  'openai-chat': openaiModels,
  'anthropic-messages': anthropicModels,
  gemini: geminiModels,
} as const;
