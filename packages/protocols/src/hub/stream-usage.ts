import type { Dialect } from '@cliproxy/plugin-api';
import { isJsonObject } from '../model/json-object.ts';
import type { JsonObject } from '../model/json-object.ts';
import type { RequestBody } from './request-body.ts';
import { dataOf } from '../codec/frame-data.ts';

/** The dialect whose streams tell their usage only when asked to. */
const ASKS: Dialect = 'openai-chat';
/** The parameter that asks for it. */
export const USAGE_PARAMETER = 'stream_options';

const MEMBER = Buffer.from('"stream_options":{"include_usage":true}');
const CHOICES = Buffer.from('"choices"');
const COLON = 0x3a;
const BRACKET_OPEN = 0x5b;
const BRACKET_CLOSE = 0x5d;

/** Whether streams of the dialect tell their usage only when asked to. */
export function asksForUsage(dialect: Dialect): boolean {
  return dialect === ASKS;
}

/** Whether the client asked for its stream's usage. */
export function includesUsage(fields: JsonObject): boolean {
  const options = fields[USAGE_PARAMETER];
  return isJsonObject(options) && options.include_usage === true;
}

/** How to ask, in a body that does not: a member to insert, or the parameter's new value. */
export function usageQuestion(
  body: RequestBody,
): { readonly insert: Buffer } | { readonly value: Buffer } | undefined {
  if (!body.top.has(USAGE_PARAMETER)) return { insert: MEMBER };
  const options = body.fields[USAGE_PARAMETER] ?? {};
  // What is no object is for the upstream to refuse.
  if (!isJsonObject(options)) return undefined;
  return { value: Buffer.from(JSON.stringify({ ...options, include_usage: true })) };
}

/** Asks in a body that is being written. */
export function withUsageQuestion(body: JsonObject): JsonObject {
  if (includesUsage(body)) return body;
  const options = body[USAGE_PARAMETER];
  return {
    ...body,
    [USAGE_PARAMETER]: { ...(isJsonObject(options) ? options : {}), include_usage: true },
  };
}

/**
 * Whether a frame is the extra chunk that answers the question: usage, and no choices. Only frames
 * with empty choices are parsed.
 */
export function isUsageChunk(frame: Buffer): boolean {
  const key = frame.indexOf(CHOICES);
  if (key < 0) return false;
  let at = skipSpace(frame, key + CHOICES.length);
  if (frame[at] !== COLON) return false;
  at = skipSpace(frame, at + 1);
  if (frame[at] !== BRACKET_OPEN || frame[skipSpace(frame, at + 1)] !== BRACKET_CLOSE) return false;
  const { json } = dataOf(frame);
  return (
    isJsonObject(json) &&
    Array.isArray(json.choices) &&
    json.choices.length === 0 &&
    isJsonObject(json.usage)
  );
}

function skipSpace(bytes: Buffer, from: number): number {
  let at = from;
  while (bytes[at] === 0x20 || bytes[at] === 0x09) at += 1;
  return at;
}
