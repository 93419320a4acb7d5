import { generate } from '../hot-path/generate.ts';
import type { PathFacts } from '../hot-path/generate.ts';
import { explainRoute } from './explain.ts';
import { geminiMethods } from './gemini.ts';
import { deepHealth, health, live, ready } from './health.ts';
import { listModels, oneModel } from './models.ts';
import { root } from './root.ts';
import type { Route } from './route.ts';

const COMPLETIONS: PathFacts = Object.freeze({ form: 'completions' });

/** Every route of the gateway: one line each. */
export const routeTable: readonly Route[] = Object.freeze([
  {
    method: 'POST',
    path: '/v1/chat/completions',
    access: 'client',
    summary: 'OpenAI Chat Completions, with or without stream, for any model',
    handle: generate('openai-chat', 'generate'),
  },
  {
    method: 'POST',
    path: '/v1/completions',
    access: 'client',
    summary: "OpenAI's older Completions: a prompt and its continuation, for any model",
    handle: generate('openai-chat', 'generate', () => COMPLETIONS),
  },
  {
    method: 'POST',
    path: '/v1/responses',
    access: 'client',
    summary: 'OpenAI Responses, with or without stream, for any model',
    handle: generate('openai-responses', 'generate'),
  },
  {
    method: 'POST',
    path: '/v1/responses/input_tokens',
    access: 'client',
    summary: "A request's tokens, in the shape of OpenAI Responses",
    handle: generate('openai-responses', 'count-tokens'),
  },
  {
    method: 'POST',
    path: '/v1/embeddings',
    access: 'client',
    summary: "OpenAI's embeddings",
    handle: generate('openai-chat', 'embed'),
  },
  {
    method: 'POST',
    path: '/v1/messages',
    access: 'client',
    summary: 'Anthropic Messages, with or without stream, for any model',
    handle: generate('anthropic-messages', 'generate'),
  },
  {
    method: 'POST',
    path: '/v1/messages/count_tokens',
    access: 'client',
    summary: "A request's tokens, in Anthropic's shape",
    handle: generate('anthropic-messages', 'count-tokens'),
  },
  ...geminiMethods('/v1beta/models'),
  ...geminiMethods('/v1beta/tunedModels'),
  ...geminiMethods('/v1/models'),
  {
    method: 'GET',
    path: '/v1beta/models',
    access: 'client',
    summary: "The models, in Gemini's shape",
    handle: listModels,
  },
  {
    method: 'GET',
    path: '/v1beta/models/{model}',
    access: 'client',
    summary: "One model, in Gemini's shape",
    handle: oneModel,
  },
  {
    method: 'GET',
    path: '/v1/models',
    access: 'client',
    summary: "The models, in OpenAI's shape, or in that of Anthropic's or Gemini's SDK",
    handle: listModels,
  },
  {
    method: 'GET',
    path: '/v1/models/{model}',
    access: 'client',
    summary: 'One model; its name may contain slashes',
    handle: oneModel,
  },
  {
    method: 'GET',
    path: '/v1/health',
    access: 'optional',
    summary: 'The overall state for anyone; in full with a key',
    handle: health,
  },
  {
    method: 'GET',
    path: '/v1/health/deep',
    access: 'client',
    summary: 'Runs every probe now, then answers as /v1/health',
    handle: deepHealth,
  },
  {
    method: 'GET',
    path: '/v1/routes/explain',
    access: 'admin',
    summary: 'Which way ?model= would take, and why; ?dialect= as in the request',
    handle: explainRoute,
  },
  {
    method: 'GET',
    path: '/livez',
    access: 'anyone',
    summary: 'The process is up',
    handle: live,
  },
  {
    method: 'GET',
    path: '/readyz',
    access: 'anyone',
    summary: 'It takes requests; 503 while it starts or stops',
    handle: ready,
  },
  {
    method: 'GET',
    path: '/',
    access: 'anyone',
    summary: 'What this is',
    handle: root,
  },
] satisfies readonly Route[]);
