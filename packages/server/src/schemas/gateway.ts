import { boolean, integer, object, objects, string } from './json-schema.ts';
import type { JsonSchema } from './json-schema.ts';

const status: JsonSchema = { enum: ['up', 'degraded', 'down'] };

const child = object(
  'ChildHealth',
  {
    name: string,
    state: {
      enum: ['waiting', 'starting', 'ready', 'backing-off', 'crash-loop', 'stopping', 'stopped'],
    },
    sinceMs: integer,
    pid: integer,
    startedMs: integer,
    memoryBytes: { type: 'integer', description: 'resident, of all its processes' },
    restarts: integer,
    retryAtMs: integer,
    retryInMs: integer,
    lastExit: { type: 'object', description: 'when and how its last process ended' },
    log: { type: 'string', description: 'the file that holds what it prints' },
  },
  ['name', 'state', 'sinceMs', 'restarts'],
);

const plugin = object(
  'PluginHealth',
  {
    instanceId: string,
    plugin: string,
    package: string,
    version: string,
    isolation: { enum: ['process'], description: 'its code runs in a process of its own' },
    state: { enum: ['starting', 'ready', 'sick', 'needs-login', 'failed', 'stopped', 'disabled'] },
    status,
    problems: { type: 'array', items: string },
    accounts: objects,
    children: { type: 'array', items: child },
    requests: { type: 'object' },
    faults: {
      type: 'object',
      description: "faults of the plugin's own code: how many, where, and the last",
    },
    circuit: {
      type: 'object',
      description: 'while it is left alone because of them: its state and when it is tried again',
    },
    lastSuccessMs: integer,
    ttftMs: { type: 'object' },
  },
  ['instanceId', 'state', 'status', 'problems', 'accounts', 'requests'],
);

export const healthAnswer = object(
  'Health',
  {
    status,
    ready: boolean,
    version: string,
    uptimeMs: integer,
    process: { type: 'object' },
    plugins: { type: 'array', items: plugin },
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
  hooks: {
    ...objects,
    description: 'what plugins do with the requests on their way, nearest to the client first',
  },
  passthrough: {
    type: 'boolean',
    description: 'false: hooks need the body or the events, so that requests are encoded anew',
  },
  outcome: string,
});

export const liveAnswer = object('Live', { status: { const: 'alive' } });
export const readyAnswer = object('Ready', { status: { const: 'ready' } });
export const rootAnswer = object('About', {
  name: { const: 'cliproxy' },
  version: string,
  docs: string,
});
export const metricsAnswer: JsonSchema = { type: 'string', description: 'one metric a line' };
export const openapiAnswer: JsonSchema = {
  type: 'object',
  description: 'this document',
  required: ['openapi', 'info', 'paths'],
};
