import type { Content, FunctionResponse, GenerationConfig, Part, ToolConfig } from '@google/genai';
import type { Seen, SeenLine } from './seen.ts';

/** As it travels: the SDK's own types put its `config` in the place of these. */
interface Body {
  readonly contents: readonly Content[];
  readonly systemInstruction?: Content;
  readonly tools?: readonly { readonly functionDeclarations?: readonly Declaration[] }[];
  readonly toolConfig?: ToolConfig;
  readonly generationConfig?: GenerationConfig;
}

interface Declaration {
  readonly name: string;
  readonly parameters?: unknown;
  readonly parametersJsonSchema?: unknown;
}

/** See {@link Seen}. */
export function seenByGemini(body: Body): Seen {
  const { generationConfig = {} } = body;
  const { thinkingConfig } = generationConfig;
  return {
    system: (body.systemInstruction?.parts ?? []).map(({ text = '' }) => text),
    lines: body.contents.flatMap(({ role, parts = [] }) =>
      parts.flatMap((part) => lines(role === 'model' ? 'assistant' : 'user', part)),
    ),
    tools: (body.tools ?? [])
      .flatMap(({ functionDeclarations = [] }) => functionDeclarations)
      .map(({ name, parameters, parametersJsonSchema }) => ({
        name,
        schema: parametersJsonSchema ?? parameters,
      })),
    toolChoice: choice(body.toolConfig),
    parallelTools: undefined,
    schema: generationConfig.responseJsonSchema ?? generationConfig.responseSchema,
    thinking: thinkingConfig && (thinkingConfig.thinkingBudget === 0 ? 'off' : 'on'),
    maxTokens: generationConfig.maxOutputTokens,
  };
}

function choice(config: ToolConfig | undefined): Seen['toolChoice'] {
  const { mode, allowedFunctionNames: names } = config?.functionCallingConfig ?? {};
  switch (mode as string | undefined) {
    case undefined:
      return undefined;
    case 'AUTO':
      return 'auto';
    case 'NONE':
      return 'none';
    case 'ANY':
      return names === undefined ? 'required' : { named: names.join() };
    default:
      throw new Error(`mode is ${String(mode)}`);
  }
}

function lines(by: 'user' | 'assistant', part: Part): SeenLine[] {
  const { text, thought, thoughtSignature: signature, inlineData, functionCall } = part;
  if (functionCall !== undefined) {
    return [
      ...(signature === undefined ? [] : [thoughtLine('', signature)]),
      { by: 'assistant', call: functionCall.name ?? '', arguments: functionCall.args ?? {} },
    ];
  }
  if (part.functionResponse !== undefined) return [result(part.functionResponse)];
  if (inlineData !== undefined) return [{ by: 'user', image: { png: inlineData.data ?? '' } }];
  const address = part.fileData?.fileUri;
  if (address !== undefined) return [{ by: 'user', image: { url: address } }];
  if (text === undefined) throw new Error(`a part with ${Object.keys(part).join()}`);
  return thought === true ? [thoughtLine(text, signature)] : [{ by, text }];
}

function thoughtLine(thought: string, signature: string | undefined): SeenLine {
  return { by: 'assistant', thought, signature };
}

function result({ name = '', response = {} }: FunctionResponse): SeenLine {
  const { output } = response;
  return {
    by: 'tool',
    of: name,
    output: typeof output === 'string' ? output : JSON.stringify(output ?? response),
  };
}
