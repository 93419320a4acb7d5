import { boolean, integer, object, objects, string } from './json-schema.ts';
import type { JsonSchema } from './json-schema.ts';

const status: JsonSchema = { enum: ['up', 'degraded', 'down'] };

export const healthAnswer = object(
  'Health',
  {
    status,
    ready: boolean,
    version: string,
    uptimeMs: integer,
    process: { type: 'object' },
    plugins: objects,
  },
  ['status'],
);

export const explanation = object('Explanation', {
  requested: string,
  model: string,
  strategy: string,
  steps: { type: 'array', items: string },
  candidates: objects,
  near: { type: 'array', items: string },
  outcome: string,
});

export const liveAnswer = object('Live', { status: { const: 'alive' } });
export const readyAnswer = object('Ready', { status: { const: 'ready' } });
export const rootAnswer = object('About', {
  name: { const: 'cliproxy' },
  version: string,
  docs: string,
});
export const openapiAnswer: JsonSchema = {
  type: 'object',
  description: 'this document',
  required: ['openapi', 'info', 'paths'],
};
