import type { Dialect } from '@cliproxy/plugin-api';

/** What clients of the dialects call a wish that a target can't honour. */
export const wishNames = Object.freeze({
  reasoning: {
    'openai-chat': 'reasoning_effort',
    'openai-responses': 'reasoning',
    'anthropic-messages': 'thinking',
    gemini: 'generationConfig.thinkingConfig',
  },
  temperature: {
    'openai-chat': 'temperature',
    'openai-responses': 'temperature',
    'anthropic-messages': 'temperature',
    gemini: 'generationConfig.temperature',
  },
  topP: {
    'openai-chat': 'top_p',
    'openai-responses': 'top_p',
    'anthropic-messages': 'top_p',
    gemini: 'generationConfig.topP',
  },
  stop: {
    'openai-chat': 'stop',
    'openai-responses': 'stop',
    'anthropic-messages': 'stop_sequences',
    gemini: 'generationConfig.stopSequences',
  },
  output: {
    'openai-chat': 'response_format',
    'openai-responses': 'text.format',
    'anthropic-messages': 'output_config.format',
    gemini: 'generationConfig.responseSchema',
  },
  imageDetail: {
    'openai-chat': 'messages[].content[].image_url.detail',
    'openai-responses': 'input[].content[].detail',
    'anthropic-messages': 'detail',
    gemini: 'mediaResolution',
  },
  parallelTools: {
    'openai-chat': 'parallel_tool_calls',
    'openai-responses': 'parallel_tool_calls',
    'anthropic-messages': 'tool_choice.disable_parallel_tool_use',
    gemini: 'parallel_tool_calls',
  },
  strict: {
    'openai-chat': 'tools[].function.strict',
    'openai-responses': 'tools[].strict',
    'anthropic-messages': 'tools[].strict',
    gemini: 'tools[].strict',
  },
  visible: {
    'openai-chat': 'reasoning_effort',
    'openai-responses': 'reasoning.summary',
    'anthropic-messages': 'thinking.display',
    gemini: 'generationConfig.thinkingConfig.includeThoughts',
  },
} satisfies Readonly<Record<string, Readonly<Record<Dialect, string>>>>);
