import { randomUUID } from 'node:crypto';
import type { Opaque } from '@cliproxy/plugin-api';
import { isJsonObject } from '../model/json-object.ts';
import type { JsonObject } from '../model/json-object.ts';
import { readCallSignature } from './reasoning-details.ts';

/** A piece of an answer's prose. */
export interface Piece {
  readonly type: 'text' | 'reasoning' | 'refusal';
  readonly text: string;
}

/**
 * The choice that is translated: the one of index 0, or the first where there are no indexes.
 *
 * @returns undefined where there is none.
 */
export function firstChoice(body: JsonObject): JsonObject | undefined {
  if (!Array.isArray(body.choices)) return undefined;
  for (const choice of body.choices as readonly unknown[]) {
    if (isJsonObject(choice) && (choice.index ?? 0) === 0) return choice;
  }
  return undefined;
}

/** The prose in `content`: a string, or parts as Mistral's reasoning models write them. */
export function contentPieces(content: unknown): readonly Piece[] {
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', text: content }];
  if (!Array.isArray(content)) return [];
  return content.filter(isJsonObject).flatMap((part): Piece[] => {
    if (part.type === 'thinking') {
      const text = contentPieces(part.thinking).map((piece) => piece.text);
      return [{ type: 'reasoning', text: text.join('') }];
    }
    return typeof part.text === 'string' ? [{ type: 'text', text: part.text }] : [];
  });
}

/** What an entry of `tool_calls`, whole or a fragment, tells; empty where it doesn't. */
export interface CallPiece {
  readonly index: number | undefined;
  readonly id: string;
  readonly name: string;
  readonly isCustom: boolean;
  readonly argumentsJson: string;
  readonly opaque: Opaque | undefined;
}

/** Reads the calls of a message or a delta, the legacy `function_call` among them. */
export function callPieces(message: JsonObject, origin: string): readonly CallPiece[] {
  const calls = Array.isArray(message.tool_calls) ? message.tool_calls.filter(isJsonObject) : [];
  const pieces = calls.map((call) => readCall(call, origin));
  if (!isJsonObject(message.function_call)) return pieces;
  return [...pieces, readCall({ index: 0, function: message.function_call }, origin)];
}

function readCall(call: JsonObject, origin: string): CallPiece {
  const isCustom = isJsonObject(call.custom);
  const spec = isJsonObject(call.custom) ? call.custom : call.function;
  const { name, arguments: args, input } = isJsonObject(spec) ? spec : {};
  const given = isCustom ? input : args;
  return {
    index: typeof call.index === 'number' ? call.index : undefined,
    id: typeof call.id === 'string' ? call.id : '',
    name: typeof name === 'string' ? name : '',
    isCustom,
    argumentsJson:
      typeof given === 'string' ? given : isJsonObject(given) ? JSON.stringify(given) : '',
    opaque: readCallSignature(call, origin),
  };
}

/** For calls without id: unique among all answers, since clients send them back side by side. */
export function newCallId(): string {
  return `call_${randomUUID().replaceAll('-', '')}`;
}
