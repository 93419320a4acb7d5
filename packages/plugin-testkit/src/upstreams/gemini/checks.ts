import { demand } from '../refusal.ts';
import type { Json } from '../shape.ts';
import { checkOrder, partsOf } from './conversation.ts';
import type { Content } from './conversation.ts';
import { countBody, generateBody } from './fields.ts';
import { modelLine } from './model-line.ts';
import type { ModelLine } from './model-line.ts';
import type { Signatures } from './signatures.ts';

/**
 * Everything that the API refuses in a request.
 *
 * @throws Refusal
 * @see https://ai.google.dev/api/generate-content
 */
export function checkGenerate(body: Json, model: string, signatures: Signatures): void {
  generateBody(body, []);
  const line = modelLine(model);
  const contents = body['contents'] as readonly Content[];
  checkOrder(contents);
  checkTools(body, line);
  checkConfig(body, line);
  contents.forEach((content, at) => {
    const rich = partsOf(content, 'functionResponse').some(({ parts }) => parts !== undefined);
    const message = 'Multimodal function responses are not supported for this model.';
    demand(!rich || line.isGemini3 || !model.startsWith('gemini-'), ['contents', at], message);
  });
  signatures.check(contents, model, line);
}

/** What is refused in a question for the count of tokens. @throws Refusal */
export function checkCount(body: Json, model: string, signatures: Signatures): void {
  countBody(body, []);
  const { generateContentRequest: whole } = body as { generateContentRequest?: Json };
  if (whole === undefined) return;
  const { model: named, ...request } = whole;
  demand(named === `models/${model}`, ['generateContentRequest', 'model'], 'names another model');
  checkGenerate(request, model, signatures);
}

function checkTools(body: Json, line: ModelLine): void {
  const tools = (body['tools'] ?? []) as readonly Json[];
  const declared = tools.flatMap(
    ({ functionDeclarations: list }) => (list ?? []) as readonly Json[],
  );
  const names = declared.map(({ name }) => name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  const message = `Duplicate function declaration found: ${String(twice)}`;
  demand(twice === undefined, ['tools'], message);
  for (const { name, parameters, parametersJsonSchema } of declared) {
    const isBoth = parameters !== undefined && parametersJsonSchema !== undefined;
    const both = `${String(name)}: only one of parameters and parameters_json_schema may be set.`;
    demand(!isBoth, ['tools'], both);
  }
  const isMixed = names.length > 0 && tools.some((tool) => Object.keys(tool).some(isHosted));
  demand(!isMixed || line.isGemini3, ['tools'], 'Tool use with function calling is unsupported');
  checkMode(body, names);
}

function isHosted(name: string): boolean {
  return name !== 'functionDeclarations';
}

function checkMode({ toolConfig }: Json, names: readonly unknown[]): void {
  const config = (toolConfig as Json | undefined)?.['functionCallingConfig'] as Json | undefined;
  if (config === undefined) return;
  const path = ['toolConfig', 'functionCallingConfig'];
  const none = 'Function calling config is set without function_declarations.';
  demand(names.length > 0, path, none);
  const { mode, allowedFunctionNames: allowed = [] } = config;
  const wanted = allowed as readonly unknown[];
  const only = 'allowed_function_names should only be set when the mode is ANY or VALIDATED.';
  demand(wanted.length === 0 || mode === 'ANY' || mode === 'VALIDATED', path, only);
  const unknown = wanted.find((name) => !names.includes(name));
  const undeclared = `allowed_function_names names the undeclared function '${String(unknown)}'.`;
  demand(unknown === undefined, path, undeclared);
}

function checkConfig({ generationConfig = {}, tools }: Json, line: ModelLine): void {
  const config = generationConfig as Json;
  const { responseMimeType: mime, responseSchema, responseJsonSchema, thinkingConfig } = config;
  const path = ['generationConfig'];
  const isTwice = responseSchema !== undefined && responseJsonSchema !== undefined;
  demand(!isTwice, path, 'only one of response_schema and response_json_schema may be set.');
  const hasSchema = responseSchema !== undefined || responseJsonSchema !== undefined;
  const isTyped = mime === 'application/json' || mime === 'text/x.enum';
  const untyped = 'response_schema requires the response_mime_type application/json.';
  demand(!hasSchema || isTyped, path, untyped);
  const hasFunctions = ((tools ?? []) as readonly Json[]).some(
    ({ functionDeclarations }) => functionDeclarations !== undefined,
  );
  const isMixed = hasFunctions && mime === 'application/json' && line.levels.length === 0;
  const mixed = "Function calling with a response mime type: 'application/json' is unsupported";
  demand(!isMixed, path, mixed);
  const hasTop = config['logprobs'] === undefined || config['responseLogprobs'] === true;
  demand(hasTop, path, 'logprobs requires response_logprobs.');
  if (thinkingConfig !== undefined) checkThinking(thinkingConfig as Json, line);
}

function checkThinking(
  { thinkingBudget: budget, thinkingLevel: level }: Json,
  line: ModelLine,
): void {
  const path = ['generationConfig', 'thinkingConfig'];
  const both = 'You can only set only one of thinking budget and thinking level.';
  demand(budget === undefined || level === undefined, path, both);
  if (typeof level === 'string') {
    const isKnown = line.levels.includes(level.toUpperCase());
    demand(isKnown, path, `Thinking level ${level} is not supported for this model.`);
  }
  if (typeof budget === 'number') {
    const isTaken = line.takesBudget(budget);
    demand(isTaken, path, `The thinking budget ${budget} is invalid for this model.`);
  }
}
