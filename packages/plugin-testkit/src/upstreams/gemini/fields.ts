import { Refusal } from '../refusal.ts';
import {
  anything,
  base64,
  fields,
  flag,
  freeObject,
  integer,
  list,
  number,
  oneOf,
  text,
} from '../shape.ts';
import type { Json, Shape } from '../shape.ts';
import { openApiSchema, parameters } from './schema.ts';

const functionName = text({ pattern: /^[A-Za-z_][\w.:-]{0,63}$/u });
const mimeType = text({
  pattern:
    /^(image\/(png|jpeg|webp|heic|heif)|audio\/[\w.+-]+|video\/[\w.+-]+|application\/(pdf|json|rtf)|text\/[\w.+-]+)$/u,
});
/** Other addresses are not fetched. */
const fileUri = text({
  pattern:
    /^(https:\/\/generativelanguage\.googleapis\.com\/|https:\/\/(www\.)?youtu(\.be|be\.com)\/|gs:\/\/)/u,
});
/** Bytes of which the padding may be left out. */
const bytes = text({ pattern: /^[\w+/-]*={0,2}$/u });

const inlineData = fields({ mimeType, data: base64(true) }, { displayName: text() });
const fileData = fields({ fileUri }, { mimeType: text(), displayName: text() });
/** What a part is; it is one thing. */
const contents: Record<string, Shape> = {
  text: text(),
  inlineData,
  fileData,
  functionCall: fields({ name: functionName }, { args: freeObject, id: text() }),
  functionResponse: fields(
    { name: functionName, response: freeObject },
    {
      id: text(),
      parts: list(fields({}, { inlineData, fileData })),
      willContinue: flag,
      scheduling: text(),
    },
  ),
  executableCode: freeObject,
  codeExecutionResult: freeObject,
  toolCall: freeObject,
  toolResponse: freeObject,
};
const partFields = fields(
  {},
  {
    ...contents,
    thought: flag,
    thoughtSignature: bytes,
    videoMetadata: freeObject,
    mediaResolution: anything,
    partMetadata: freeObject,
  },
);
const part: Shape = (value, path) => {
  partFields(value, path);
  const kinds = Object.keys(contents).filter((name) => (value as Json)[name] !== undefined);
  if (kinds.length === 1) return;
  const message = `required oneof field 'data' must have one initialized field, but has ${kinds.length}`;
  throw new Refusal('rule', path, message);
};

const content = fields({ parts: list(part, 1), role: oneOf('user', 'model') });
const instruction = fields({ parts: list(fields({ text: text() }), 1) }, { role: text() });

const declaration = fields(
  { name: functionName },
  {
    description: text(),
    parameters,
    parametersJsonSchema: freeObject,
    response: freeObject,
    responseJsonSchema: freeObject,
    behavior: oneOf('BLOCKING', 'NON_BLOCKING'),
  },
);
const hosted = [
  ...['googleSearch', 'googleSearchRetrieval', 'codeExecution', 'urlContext', 'googleMaps'],
  ...['computerUse', 'fileSearch', 'mcpServers'],
];
const toolFields = fields(
  {},
  {
    functionDeclarations: list(declaration, 0, 512),
    ...Object.fromEntries(hosted.map((name) => [name, anything])),
  },
);
const tool: Shape = (value, path) => {
  toolFields(value, path);
  const { functionDeclarations, ...others } = value as Json;
  const isEmpty = !Array.isArray(functionDeclarations) || functionDeclarations.length === 0;
  if (!isEmpty || Object.keys(others).length > 0) return;
  const message = "required one_of 'tool_type' must have one initialized field";
  throw new Refusal('rule', [...path, 'toolType'], message);
};

const thresholds = ['BLOCK_LOW_AND_ABOVE', 'BLOCK_MEDIUM_AND_ABOVE', 'BLOCK_ONLY_HIGH'];
const safetySetting = fields({
  category: text({ pattern: /^HARM_CATEGORY_[A-Z_]+$/u }),
  threshold: oneOf(...thresholds, 'BLOCK_NONE', 'OFF', 'HARM_BLOCK_THRESHOLD_UNSPECIFIED'),
});
const levels = ['MINIMAL', 'LOW', 'MEDIUM', 'HIGH', 'THINKING_LEVEL_UNSPECIFIED'];
const generationConfig = fields(
  {},
  {
    temperature: number(0, 2),
    topP: number(0, 1),
    topK: integer(1),
    candidateCount: integer(1, 8),
    maxOutputTokens: integer(1, 65_536),
    stopSequences: list(text({ min: 1 }), 0, 5),
    seed: integer(-(2 ** 31), 2 ** 31 - 1),
    presencePenalty: number(-2, 2),
    frequencyPenalty: number(-2, 2),
    responseLogprobs: flag,
    logprobs: integer(0, 20),
    responseMimeType: oneOf('text/plain', 'application/json', 'text/x.enum'),
    responseSchema: openApiSchema,
    responseJsonSchema: freeObject,
    responseModalities: list(oneOf('TEXT', 'IMAGE', 'AUDIO')),
    mediaResolution: text({ pattern: /^MEDIA_RESOLUTION_/u }),
    speechConfig: freeObject,
    imageConfig: freeObject,
    enableEnhancedCivicAnswers: flag,
    thinkingConfig: fields(
      {},
      {
        includeThoughts: flag,
        thinkingBudget: integer(-1),
        thinkingLevel: oneOf(...levels, ...levels.map((level) => level.toLowerCase())),
      },
    ),
  },
);

const request = {
  systemInstruction: instruction,
  tools: list(tool),
  toolConfig: fields(
    {},
    {
      functionCallingConfig: fields(
        {},
        {
          mode: oneOf('AUTO', 'ANY', 'NONE', 'VALIDATED'),
          allowedFunctionNames: list(functionName),
        },
      ),
      retrievalConfig: freeObject,
      includeServerSideToolInvocations: flag,
    },
  ),
  safetySettings: list(safetySetting),
  generationConfig,
  cachedContent: text(),
  serviceTier: text(),
  store: flag,
};

/** The body of `:generateContent` and `:streamGenerateContent`. */
export const generateBody = fields({ contents: list(content, 1) }, request);

/** The body of `:countTokens`: contents, or a whole request. */
export const countBody: Shape = (value, path) => {
  const inner = fields(
    { model: text({ pattern: /^models\// }), contents: list(content, 1) },
    request,
  );
  fields({}, { contents: list(content, 1), generateContentRequest: inner })(value, path);
  const given = Object.keys(value as Json);
  if (given.length === 1) return;
  const message = 'set either contents or generate_content_request';
  throw new Refusal('rule', path, message);
};
