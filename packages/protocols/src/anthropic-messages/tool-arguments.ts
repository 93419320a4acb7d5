import { isJsonObject } from '../model/json-object.ts';
import type { JsonObject } from '../model/json-object.ts';

/**
 * A call's arguments as the object that the dialect wants. What is no JSON object, which other
 * vendors' models do write, is kept under `input`: that is also the form of a tool that takes free
 * text.
 */
export function toolInput(argumentsJson: string): JsonObject {
  if (argumentsJson.trim() === '') return {};
  try {
    const value: unknown = JSON.parse(argumentsJson);
    if (isJsonObject(value)) return value;
  } catch {
    // Kept as text below.
  }
  return { input: argumentsJson };
}

/** The arguments of a tool that takes free text, where it has to be sent as a function. */
export const freeTextSchema: JsonObject = Object.freeze({
  type: 'object',
  properties: { input: { type: 'string', description: "The tool's input, as free text." } },
  required: ['input'],
});

/**
 * The text that a client gave a free-text tool, wrapped; one that an earlier answer had wrapped
 * already stays as it is.
 */
export function freeTextInput(text: string): JsonObject {
  const parsed = toolInput(text);
  return typeof parsed.input === 'string' && Object.keys(parsed).length === 1
    ? parsed
    : { input: text };
}

/** The free text in a wrapped call's arguments; undefined where the model did not keep to the form. */
export function unwrapped(argumentsJson: string): string | undefined {
  const { input } = toolInput(argumentsJson);
  return typeof input === 'string' ? input : undefined;
}
