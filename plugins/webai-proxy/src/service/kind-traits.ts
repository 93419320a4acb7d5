import type { ModelInfo } from '@cliproxy/plugin-api';
import type { ServiceKind } from '../config.ts';

/** What has to be known of a kind of service. */
export interface KindTraits extends Required<Pick<ModelInfo, 'lacks' | 'refuses'>> {
  /**
   * A stream is whole only with `[DONE]`: the service says so, and leaves it out where an answer
   * breaks off, whatever a finish_reason says.
   */
  readonly endsWithDone: boolean;
}

const OPENAI_PARAMETERS: readonly string[] = [
  'audio',
  'frequency_penalty',
  'function_call',
  'functions',
  'logit_bias',
  'logprobs',
  'max_completion_tokens',
  'max_tokens',
  'metadata',
  'modalities',
  'n',
  'parallel_tool_calls',
  'prediction',
  'presence_penalty',
  'prompt_cache_key',
  'prompt_cache_retention',
  'reasoning_effort',
  'response_format',
  'safety_identifier',
  'seed',
  'service_tier',
  'stop',
  'store',
  'stream_options',
  'temperature',
  'tool_choice',
  'tools',
  'top_logprobs',
  'top_p',
  'user',
  'verbosity',
  'web_search_options',
];

/**
 * What is left out and named: all of these services ignore, without a word, what they don't know.
 *
 * @see https://github.com/Amm1rr/WebAI-to-API/blob/master/src/app/schemas/request.py, of both kinds
 * @see https://github.com/xtekky/gpt4free/blob/main/g4f/api/stubs.py
 */
export const kindTraits: Readonly<Record<ServiceKind, KindTraits>> = {
  webai: {
    lacks: ['json-schema'],
    refuses: allBut('tools', 'tool_choice'),
    endsWithDone: true,
  },
  legacy: {
    lacks: ['tools', 'images', 'json-schema'],
    refuses: allBut(),
    endsWithDone: false,
  },
  g4f: {
    lacks: [],
    refuses: allBut(
      'audio',
      'frequency_penalty',
      'logit_bias',
      'max_tokens',
      'modalities',
      'parallel_tool_calls',
      'presence_penalty',
      'reasoning_effort',
      'response_format',
      'stop',
      'temperature',
      'tool_choice',
      'tools',
      'top_p',
    ),
    endsWithDone: true,
  },
  plain: { lacks: [], refuses: [], endsWithDone: false },
};

function allBut(...taken: readonly string[]): readonly string[] {
  return OPENAI_PARAMETERS.filter((name) => !taken.includes(name));
}
