import type { Speaks, WireExecutor } from '@cliproxy/plugin-api';
import type { ModelRule } from './config.ts';

type Spoken = Required<Pick<WireExecutor, 'speaks' | 'speaksFor'>>;

const responses: Speaks = { 'openai-responses': ['generate', 'count-tokens'] };
const chat: Speaks = { 'openai-chat': ['generate'] };
const responsesFirst: Speaks = { ...responses, ...chat };
const chatFirst: Speaks = { ...chat, ...responses };

/**
 * By which of OpenAI's APIs a model is asked. Responses comes first for clients of other vendors:
 * it alone hands reasoning out and takes it back. Models that don't reason are better asked by Chat
 * Completions, which knows more parameters (`stop`, `seed`, `n`, penalties).
 *
 * @see https://platform.openai.com/docs/models, where each model's page names its endpoints.
 */
export function spokenTo(configured: readonly ModelRule[]): Spoken {
  const own = configured.map(({ match, dialects }) => ({
    match,
    speaks: Object.fromEntries(dialects.map((name) => [name, responsesFirst[name] ?? []])),
  }));
  return { speaks: responsesFirst, speaksFor: [...EMBEDDINGS, ...own, ...BY_NAME] };
}

/** Only they: a request for embeddings must not reach a model that would be put out for its refusal. */
const EMBEDDINGS: Spoken['speaksFor'] = [
  { match: 'text-embedding-*', speaks: { 'openai-chat': ['embed'] } },
];

const BY_NAME: Spoken['speaksFor'] = [
  ...['*-search-preview*', '*-search-api*'].map((match) => ({ match, speaks: chat })),
  ...[
    'codex-*',
    '*-codex',
    '*-codex-*',
    '*-pro',
    '*-pro-*',
    '*-deep-research*',
    'computer-use-*',
  ].map((match) => ({ match, speaks: responses })),
  ...['gpt-3.5*', 'gpt-4*', 'chatgpt-4*'].map((match) => ({ match, speaks: chatFirst })),
];
