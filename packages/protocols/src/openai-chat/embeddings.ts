import type { EmbedReply } from '@cliproxy/plugin-api';
import type { EmbedCodec } from '../codec/embed-codec.ts';
import type { JsonObject } from '../model/json-object.ts';
import { countAt, fieldError, mustBe, optional, stringAt, unsupported } from './field-path.ts';
import { usageIn } from './usage.ts';

/** The API takes no more texts at once. */
const MAX_INPUTS = 2048;

/**
 * OpenAI's embeddings, which Chat's clients ask for beside it.
 *
 * @see https://platform.openai.com/docs/api-reference/embeddings/create
 */
export const embed: EmbedCodec = {
  decodeRequest(body, { model }) {
    const dimensions = optional(body.dimensions, 'dimensions', countAt);
    const format = optional(body.encoding_format, 'encoding_format', stringAt) ?? 'float';
    if (format !== 'float' && format !== 'base64') {
      throw mustBe('encoding_format', 'float or base64', format);
    }
    const inputs = inputsOf(body.input);
    return {
      request: { model, inputs, ...(dimensions === undefined ? {} : { dimensions }) },
      ignored: Object.keys(body).filter((key) => !KNOWN.has(key) && body[key] !== null),
      encodeAnswer: (reply, name) => encodeAnswer(reply, name, format === 'base64'),
    };
  },
  withRequest(body, { inputs, dimensions }) {
    const [first] = inputs;
    const input = Array.isArray(body.input) || inputs.length !== 1 ? inputs : first;
    const { model, encoding_format: format } = body;
    return {
      ...(model === undefined ? {} : { model }),
      input,
      ...(dimensions === undefined ? {} : { dimensions }),
      ...(format === undefined ? {} : { encoding_format: format }),
    };
  },
  usageOf: (body) => usageIn(body),
};

const KNOWN: ReadonlySet<string> = new Set(['model', 'input', 'dimensions', 'encoding_format']);

/** Tokens mean something to the model that they were made for, and to no other. */
function inputsOf(input: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(input) ? input : [input];
  if (list.length === 0) throw fieldError('input', 'holds nothing; send a text, or several');
  if (list.length > MAX_INPUTS) throw fieldError('input', `holds more than ${MAX_INPUTS} texts`);
  return list.map((item, index) => {
    const path = Array.isArray(input) ? `input[${index}]` : 'input';
    if (typeof item === 'number' || Array.isArray(item)) {
      throw unsupported('input', 'holds tokens; the target takes text alone, so send the text');
    }
    const text = stringAt(item, path);
    if (text === '') throw fieldError(path, 'is empty; the API refuses texts without a character');
    return text;
  });
}

function encodeAnswer({ vectors, usage }: EmbedReply, model: string, base64: boolean): JsonObject {
  return {
    object: 'list',
    data: vectors.map((vector, index) => ({
      object: 'embedding',
      index,
      embedding: base64 ? asBase64(vector) : vector,
    })),
    model,
    // Told only where it is known.
    ...(usage === undefined
      ? {}
      : { usage: { prompt_tokens: usage.inputTokens, total_tokens: usage.inputTokens } }),
  };
}

/** 32-bit floats, little-endian: half the size of digits, and what OpenAI's SDK asks for by itself. */
function asBase64(vector: readonly number[]): string {
  const bytes = Buffer.alloc(vector.length * 4);
  vector.forEach((value, index) => bytes.writeFloatLE(value, index * 4));
  return bytes.toString('base64');
}
