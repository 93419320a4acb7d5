import { GatewayError } from '@cliproxy/plugin-api';
import { answerJson } from '../edge/answer.ts';
import { dialectOfHeaders } from '../errors/dialect-of-path.ts';
import type { Exchange } from '../edge/exchange.ts';
import * as anthropic from '../schemas/anthropic.ts';
import * as gemini from '../schemas/gemini.ts';
import type { JsonSchema } from '../schemas/json-schema.ts';
import * as openai from '../schemas/openai.ts';
import { anthropicModels } from './models-anthropic.ts';
import { geminiModels } from './models-gemini.ts';
import { openaiModels } from './models-openai.ts';
import { MAX_PAGE } from './models-shape.ts';
import type { ModelShape } from './models-shape.ts';
import { modelName } from './gemini.ts';
import type { Route, RouteHandler } from './route.ts';

const ONE = { anyOf: [openai.openaiModel, anthropic.anthropicModel, gemini.geminiModel] };
const LIST = {
  anyOf: [openai.openaiModelList, anthropic.anthropicModelList, gemini.geminiModelList],
};
const count = (description: string): JsonSchema => ({
  type: 'integer',
  minimum: 1,
  maximum: MAX_PAGE,
  description,
});
const text = (description: string): JsonSchema => ({ type: 'string', description });
const GEMINI_PAGE = {
  pageSize: count('models on a page, for Gemini clients'),
  pageToken: text('nextPageToken of the page before, for Gemini clients'),
};

/** The lists of models, in the shape that the client's SDK reads. */
export const modelLists: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/models',
    access: 'client',
    summary: "The models, in OpenAI's shape, or in that of Anthropic's or Gemini's SDK",
    query: {
      type: 'object',
      properties: {
        limit: count('models on a page, for Anthropic clients'),
        after_id: text('last model of the page before, for Anthropic clients'),
        before_id: text('first model of the page after, for Anthropic clients'),
        ...GEMINI_PAGE,
      },
    },
    answers: { 'application/json': LIST },
    handle: listModels,
  },
  {
    method: 'GET',
    path: '/v1/models/{model}',
    access: 'client',
    summary: 'One model; its name may contain slashes',
    answers: { 'application/json': ONE },
    handle: oneModel,
  },
  {
    method: 'GET',
    path: '/v1beta/models',
    access: 'client',
    summary: "The models, in Gemini's shape",
    dialect: 'gemini',
    query: { type: 'object', properties: GEMINI_PAGE },
    answers: { 'application/json': gemini.geminiModelList },
    handle: listModels,
  },
  {
    method: 'GET',
    path: '/v1beta/models/{model}',
    access: 'client',
    summary: "One model, in Gemini's shape",
    dialect: 'gemini',
    answers: { 'application/json': gemini.geminiModel },
    handle: oneModel,
  },
];

function listModels(...[exchange, , context, { query }]: Parameters<RouteHandler>): void {
  const page = shapeFor(exchange).page(context.kernel.models(), query);
  answerJson(exchange, context.draining, page);
}

function oneModel(...[exchange, , context, { named }]: Parameters<RouteHandler>): void {
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
}

function shapeFor({ path, req }: Exchange): ModelShape {
  return path.startsWith('/v1beta/') ? geminiModels : SHAPES[dialectOfHeaders(req.headers)];
}

const SHAPES = {
  'openai-chat': openaiModels,
  'anthropic-messages': anthropicModels,
  gemini: geminiModels,
} as const;
