import type { Dialect } from '@cliproxy/plugin-api';

/** What clients of the dialects call what a target can't honour, or takes in another form alone. */
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
  toolChoice: {
    'openai-chat': 'tool_choice',
    'openai-responses': 'tool_choice',
    'anthropic-messages': 'tool_choice',
    gemini: 'toolConfig.functionCallingConfig',
  },
  maxOutputTokens: {
    'openai-chat': 'max_completion_tokens',
    'openai-responses': 'max_output_tokens',
    'anthropic-messages': 'max_tokens',
    gemini: 'generationConfig.maxOutputTokens',
  },
  system: {
    'openai-chat': 'messages[].content',
    'openai-responses': 'input[].content',
    'anthropic-messages': 'system',
    gemini: 'systemInstruction',
  },
  conversation: {
    'openai-chat': 'messages',
    'openai-responses': 'input',
    'anthropic-messages': 'messages',
    gemini: 'contents',
  },
  mediaUrl: {
    'openai-chat': 'messages[].content[].image_url.url',
    'openai-responses': 'input[].content[]',
    'anthropic-messages': 'messages[].content[].source.url',
    gemini: 'contents[].parts[].fileData.fileUri',
  },
  fileId: {
    'openai-chat': 'messages[].content[].file.file_id',
    'openai-responses': 'input[].content[].file_id',
    'anthropic-messages': 'messages[].content[].source.file_id',
    gemini: 'contents[].parts[].fileData.fileUri',
  },
  visible: {
    'openai-chat': 'reasoning_effort',
    'openai-responses': 'reasoning.summary',
    'anthropic-messages': 'thinking.display',
    gemini: 'generationConfig.thinkingConfig.includeThoughts',
  },
} satisfies Readonly<Record<string, Readonly<Record<Dialect, string>>>>);
