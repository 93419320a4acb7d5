import { integer, object, objects, optional, string } from './json-schema.ts';
import type { JsonSchema } from './json-schema.ts';

/** Google's own examples write a single content without brackets. */
const contents: JsonSchema = { type: ['array', 'object'] };
const several: JsonSchema = { type: ['array', 'object', 'null'] };

/** @see https://ai.google.dev/api/generate-content */
export const generateContentRequest = object(
  'GenerateContentRequest',
  {
    contents,
    systemInstruction: { type: ['object', 'string', 'null'] },
    tools: several,
    toolConfig: optional.object,
    safetySettings: several,
    generationConfig: optional.object,
    cachedContent: optional.string,
  },
  ['contents'],
);

const usageMetadata: JsonSchema = {
  title: 'UsageMetadata',
  type: 'object',
  properties: {
    promptTokenCount: integer,
    candidatesTokenCount: integer,
    thoughtsTokenCount: integer,
    cachedContentTokenCount: integer,
    totalTokenCount: integer,
  },
};

/** One object for answers and for the pieces of a stream. */
export const generateContentAnswer = object(
  'GenerateContentResponse',
  {
    candidates: objects,
    promptFeedback: { type: 'object' },
    usageMetadata,
    modelVersion: string,
    responseId: string,
  },
  [],
);

/** @see https://ai.google.dev/api/tokens */
export const geminiCountRequest: JsonSchema = {
  ...object(
    'GeminiCountTokensRequest',
    {
      contents,
      generateContentRequest: optional.object,
      generate_content_request: optional.object,
    },
    [],
  ),
  anyOf: [
    { required: ['contents'] },
    { required: ['generateContentRequest'] },
    { required: ['generate_content_request'] },
  ],
};
export const geminiCountAnswer = object('GeminiTokenCount', { totalTokens: integer });

/** @see https://ai.google.dev/api/models */
export const geminiModel = object(
  'GeminiModel',
  {
    name: string,
    displayName: string,
    inputTokenLimit: integer,
    outputTokenLimit: integer,
    supportedGenerationMethods: { type: 'array', items: string },
  },
  ['name', 'displayName', 'supportedGenerationMethods'],
);
export const geminiModelList = object(
  'GeminiModelList',
  { models: { type: 'array', items: geminiModel }, nextPageToken: string },
  ['models'],
);

/** @see https://ai.google.dev/gemini-api/docs/troubleshooting */
export const geminiError = object('GeminiError', {
  error: object(
    'GeminiErrorBody',
    { code: integer, message: string, status: string, details: objects },
    ['code', 'message', 'status'],
  ),
});
