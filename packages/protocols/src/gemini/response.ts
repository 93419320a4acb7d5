import type { Dialect, Part } from '@cliproxy/plugin-api';
import { freeTextInput, toolInput } from '../anthropic-messages/tool-arguments.ts';
import type { AnswerContext } from '../codec/answer-context.ts';
import type { ResponseCodec } from '../codec/response-codec.ts';
import { badAnswer } from '../codec/bad-answer.ts';
import type { JsonObject } from '../model/json-object.ts';
import { tagOpaque } from '../model/opaque-tag.ts';
import { AnswerReader, blockedBecause, firstCandidate } from './answer-reader.ts';
import { throwErrorInside } from './error-classes.ts';
import { writeFinish } from './finish-reason.ts';
import { writeUsage } from './usage.ts';

/**
 * Answers without stream.
 *
 * @see https://ai.google.dev/api/generate-content#generatecontentresponse
 */
export const response: ResponseCodec = {
  decode(body, context) {
    mustBeAnswer(body);
    const reader = new AnswerReader(context);
    const events = [...reader.push(body)];
    // One that does not say why it ended has ended.
    if (!reader.complete) {
      events.push(...reader.push({ candidates: [{ finishReason: 'STOP' }] }));
    }
    return [...events, ...reader.end()];
  },
  encode(answer, context) {
    const native = nativeOf(context);
    const parts = answer.parts.flatMap((part) => writePart(part, native) ?? []);
    return {
      candidates: [
        {
          content: { parts, role: 'model' },
          finishReason: writeFinish(answer.finish),
          index: 0,
        },
      ],
      ...(answer.usage === undefined ? {} : { usageMetadata: writeUsage(answer.usage) }),
      modelVersion: context.model,
      responseId: answer.id ?? context.id,
    };
  },
};

/** @throws GatewayError for an error in place of an answer, `UPSTREAM_BAD_ANSWER` for neither. */
export function mustBeAnswer(body: JsonObject): void {
  throwErrorInside(body);
  if (firstCandidate(body) !== undefined || blockedBecause(body) !== undefined) return;
  throw badAnswer("The upstream's answer has no `candidates`.");
}

/** The dialect, where the upstream spoke it too: signatures then go back as they came. */
export function nativeOf({ upstream }: AnswerContext): Dialect | undefined {
  return upstream === 'gemini' ? upstream : undefined;
}

/** A part of an answer; undefined for what the dialect has no part for, and for nothing. */
export function writePart(part: Part, native: Dialect | undefined): JsonObject | undefined {
  switch (part.type) {
    case 'text':
    case 'refusal':
      return part.text === '' ? undefined : { text: part.text };
    case 'reasoning': {
      const { text, opaque } = part;
      if (text === '' && opaque === undefined) return undefined;
      // The signature of a text, which is no thought.
      const isOfText = text === '' && native !== undefined;
      return {
        text,
        ...(isOfText ? {} : { thought: true }),
        ...(opaque === undefined ? {} : { thoughtSignature: tagOpaque(opaque, native) }),
      };
    }
    case 'media': {
      const { mediaType, source } = part;
      return 'base64' in source
        ? { inlineData: { mimeType: mediaType, data: source.base64 } }
        : undefined;
    }
    case 'tool-call': {
      const { id, name, argumentsJson, kind, opaque } = part;
      const args = kind === 'custom' ? freeTextInput(argumentsJson) : toolInput(argumentsJson);
      return {
        functionCall: { id, name, args },
        ...(opaque === undefined ? {} : { thoughtSignature: tagOpaque(opaque, native) }),
      };
    }
    case 'tool-result':
      // A tool that ran at the upstream: its answer is in the text.
      return undefined;
  }
}
