import type { ModelRequest } from '@cliproxy/plugin-api';
import type { EncodeTarget } from '@cliproxy/kernel';
import { formatInWords } from '../anthropic-messages/format-in-words.ts';
import { toolNamer } from '../anthropic-messages/legal-names.ts';
import { keptLeftovers } from '../anthropic-messages/leftovers.ts';
import type { EncodedBody } from '../codec/encoded-body.ts';
import { pathOf } from '../codec/paths.ts';
import type { JsonObject } from '../model/json-object.ts';
import { unheardDetail } from '../model/image-detail.ts';
import { wishNames } from '../model/wish-names.ts';
import { writeConversation } from './conversation.ts';
import { writeExtras } from './extras.ts';
import { modelLine } from './model-line.ts';
import type { ModelLine } from './model-line.ts';
import { ParameterNames } from './parameter-names.ts';
import { withoutRefused } from './refused-fields.ts';
import { cleanSchema } from './schema-cleaner.ts';
import { planThinking } from './thinking.ts';
import { LEGAL_TOOL_NAME, writeTools } from './tool-encode.ts';

/**
 * Writes a request for the Gemini API. Model and stream stand in the path.
 *
 * What the API demands and the client need not know is put right: alternating contents, results in
 * number and order of their calls, schemas, legal names. What can't be told is named in `ignored`.
 *
 * @throws GatewayError `CLIENT_UNSUPPORTED` for addresses of media, foreign file ids, several answers
 *   at once and log probabilities; `CLIENT_BAD_REQUEST` for a choice of tools that are not there.
 * @see https://ai.google.dev/api/generate-content
 */
export function encodeRequest(request: ModelRequest, target: EncodeTarget): EncodedBody {
  const native = request.extras.dialect === 'gemini';
  const leftovers = keptLeftovers(native ? request.extras.fields : {});
  const line = modelLine(target.model);
  const names = toolNamer(LEGAL_TOOL_NAME);
  const parameters = new ParameterNames();
  const tools = writeTools(request, names, parameters, leftovers);
  const conversation = writeConversation(request, target, line, { names, parameters, leftovers });
  const generation = writeGeneration(request, target, line);
  const system = [...conversation.system, ...generation.system];
  const written: Record<string, unknown> = {
    ...(system.length === 0 ? {} : { systemInstruction: { parts: system } }),
    contents: conversation.contents,
    ...tools.fields,
    ...(Object.keys(generation.config).length === 0 ? {} : { generationConfig: generation.config }),
  };
  const leftOut = writeExtras(written, request);
  const { body, refused } = withoutRefused(written, target.refuses);
  return {
    path: pathOf('gemini', 'generate', target.model, request.stream) ?? '',
    body,
    ignored: [
      ...new Set([
        ...conversation.ignored,
        ...tools.ignored,
        ...generation.ignored,
        ...unheardDetail(request),
        ...leftOut,
        ...refused,
      ]),
    ],
    toolNames: names.changed,
    customTools: tools.customTools,
    ...(parameters.changed === undefined ? {} : { parameterNames: parameters.changed }),
  };
}

interface WrittenGeneration {
  readonly config: JsonObject;
  readonly system: readonly JsonObject[];
  readonly ignored: readonly string[];
}

/** Most stop sequences that the API takes. */
const MAX_STOPS = 5;

function writeGeneration(
  request: ModelRequest,
  target: EncodeTarget,
  line: ModelLine,
): WrittenGeneration {
  const { maxOutputTokens: wanted, temperature, topP, stop = [], extras } = request;
  const limit =
    wanted === undefined ? undefined : Math.min(wanted, target.maxOutputTokens ?? wanted);
  const stops = stop.filter((one) => one !== '').slice(0, MAX_STOPS);
  const plan = planThinking(request.reasoning, line, limit, extras.dialect === 'gemini');
  const format = writeFormat(request, line);
  return {
    config: {
      ...(limit === undefined ? {} : { maxOutputTokens: limit }),
      ...(temperature === undefined ? {} : { temperature }),
      ...(topP === undefined ? {} : { topP }),
      ...(stops.length === 0 ? {} : { stopSequences: stops }),
      ...format.config,
      ...(plan.config === undefined ? {} : { thinkingConfig: plan.config }),
    },
    system: format.system,
    ignored: [
      ...(stops.length < stop.length ? [wishNames.stop[extras.dialect]] : []),
      ...(plan.ignored ? [wishNames.reasoning[extras.dialect]] : []),
      ...format.ignored,
    ],
  };
}

/** Older models refuse JSON output beside functions: it is asked for in words. */
function writeFormat(request: ModelRequest, line: ModelLine): WrittenGeneration {
  const { output, tools, extras } = request;
  if (output === undefined) return { config: {}, system: [], ignored: [] };
  if (tools.length > 0 && !line.jsonWithTools) {
    const ignored = output.type === 'json' ? [] : [wishNames.output[extras.dialect]];
    return { config: {}, system: [{ text: formatInWords(output) }], ignored };
  }
  const schema = output.type === 'json' ? {} : { responseSchema: cleanSchema(output.schema) };
  return {
    config: { responseMimeType: 'application/json', ...schema },
    system: [],
    ignored: [],
  };
}
