import type { ModelRequest, OutputFormat } from '@cliproxy/plugin-api';
import type { EncodeTarget } from '@cliproxy/kernel';
import type { EncodedBody } from '../codec/encoded-body.ts';
import type { JsonObject } from '../model/json-object.ts';
import { unheardDetail } from '../model/image-detail.ts';
import { wishNames } from '../model/wish-names.ts';
import { cacheMarks } from './cache-marks.ts';
import { writeConversation } from './conversation.ts';
import { writeExtras } from './extras.ts';
import { formatInWords } from './format-in-words.ts';
import { toolNamer } from './legal-names.ts';
import { keptLeftovers } from './leftovers.ts';
import { closed, lacksThought } from './message-order.ts';
import { modelLine } from './model-line.ts';
import type { ModelLine } from './model-line.ts';
import { writeSampling } from './sampling.ts';
import { strictSchema } from './strict-schema.ts';
import { planThinking } from './thinking.ts';
import { writeTools } from './tool-encode.ts';

/**
 * Writes a request for a Messages API.
 *
 * What the API demands and the client need not know is put right: `max_tokens`, alternating turns,
 * results beside their calls, legal names and ids. What can't be told is named in `ignored`.
 *
 * @throws GatewayError `CLIENT_UNSUPPORTED` for sound, foreign file ids, several answers at once and
 *   log probabilities; `CLIENT_BAD_REQUEST` for a choice of tools that are not there.
 * @see https://platform.claude.com/docs/en/api/messages
 */
export function encodeRequest(request: ModelRequest, target: EncodeTarget): EncodedBody {
  const native = request.extras.dialect === 'anthropic-messages';
  const marks = cacheMarks(request);
  const leftovers = keptLeftovers(native ? request.extras.fields : marks.fields);
  const line = modelLine(request.model);
  const names = toolNamer();
  const conversation = writeConversation(request, target, names, leftovers);
  const tools = writeTools(request, conversation.messages, line, names, leftovers);
  const format = writeFormat(request.output, line, wishNames.output[request.extras.dialect]);
  const capTokens = target.maxOutputTokens ?? line.maxOutputTokens;
  const plan = planThinking(request.reasoning, {
    line,
    capTokens,
    maxTokens: lengthOf(request, target, line),
    impossible:
      tools.forced ||
      lacksThought(conversation.messages) ||
      // A thinking model does not go on with an answer that others began.
      (line.prefill && conversation.messages.at(-1)?.role === 'assistant'),
  });
  const isThinking = plan.thinking !== undefined && plan.thinking.type !== 'disabled';
  const sampling = writeSampling(request, line, isThinking);
  const extras = writeExtras(request, line, isThinking);
  const system = [...conversation.system, ...format.system];
  const outputConfig = {
    ...(plan.effort === undefined ? {} : { effort: plan.effort }),
    ...format.config,
    ...extras.outputConfig,
  };
  return {
    path: '/v1/messages',
    body: {
      model: request.model,
      max_tokens: plan.maxTokens,
      ...(system.length === 0 ? {} : { system }),
      messages: closed(conversation.messages, line.prefill),
      ...(tools.tools === undefined ? {} : { tools: tools.tools }),
      ...(tools.toolChoice === undefined ? {} : { tool_choice: tools.toolChoice }),
      ...(plan.thinking === undefined ? {} : { thinking: plan.thinking }),
      ...(Object.keys(outputConfig).length === 0 ? {} : { output_config: outputConfig }),
      ...sampling.fields,
      ...extras.fields,
      ...(request.stream ? { stream: true } : {}),
    },
    ignored: [
      ...new Set([
        ...conversation.ignored,
        ...tools.ignored,
        ...format.ignored,
        ...(plan.ignored ? [wishNames.reasoning[request.extras.dialect]] : []),
        // Thinking needs room for itself and the answer.
        ...(plan.maxTokens > (request.maxOutputTokens ?? Infinity)
          ? [wishNames.maxOutputTokens[request.extras.dialect]]
          : []),
        ...sampling.ignored,
        ...unheardDetail(request),
        ...extras.ignored.filter((name) => !marks.honoured.has(name)),
      ]),
    ],
    toolNames: names.changed,
    customTools: tools.customTools,
  };
}

/** The API wants a limit: the client's, at most the model's where that is known for sure. */
function lengthOf(request: ModelRequest, target: EncodeTarget, line: ModelLine): number {
  const asked = request.maxOutputTokens;
  const cap = target.maxOutputTokens;
  if (asked === undefined) return cap ?? line.maxOutputTokens;
  return cap === undefined ? asked : Math.min(asked, cap);
}

interface WrittenFormat {
  readonly config: JsonObject;
  readonly system: readonly JsonObject[];
  readonly ignored: readonly string[];
}

/** JSON without a schema, and a schema for a model that can't be bound to one, are asked for in words. */
function writeFormat(
  output: OutputFormat | undefined,
  line: ModelLine,
  name: string,
): WrittenFormat {
  if (output === undefined) return { config: {}, system: [], ignored: [] };
  if (output.type === 'json-schema' && line.schemas) {
    const format = { type: 'json_schema', schema: strictSchema(output.schema) };
    return { config: { format }, system: [], ignored: [] };
  }
  const system = [{ type: 'text', text: formatInWords(output) }];
  return { config: {}, system, ignored: output.type === 'json' ? [] : [name] };
}
