import { piecesOf } from '../pieces.ts';
import type { Json } from '../shape.ts';
import type { VendorMessage, VendorPart } from '../vendor-answer.ts';
import type { Asked, Frame, VendorContext } from '../vendor-api.ts';
import { modelLine } from './model-line.ts';

/** A part of an answer, and in how many pieces its text is streamed. */
export interface AnsweredPart {
  readonly part: Json;
  readonly pieces: number | undefined;
}

/** The parts of an answer. Thoughts are told only where they were asked for. */
export function answeredParts(
  { parts }: VendorMessage,
  { body, model }: Asked,
  context: VendorContext,
): readonly AnsweredPart[] {
  const { isGemini3 } = modelLine(model);
  const config = body['generationConfig'] as { thinkingConfig?: Json } | undefined;
  const isTold = config?.thinkingConfig?.['includeThoughts'] === true;
  const made = (): string => Buffer.from(context.id('signature-')).toString('base64');
  const result: AnsweredPart[] = [];
  let waiting: string | undefined;
  let hasCalled = false;
  for (const given of parts) {
    if (given.type === 'reasoning') {
      // A thought has no signature of its own: it stands on what the thought led to.
      waiting = given.signature ?? (isGemini3 ? made() : undefined);
      if (isTold && given.text !== '') {
        result.push({ part: { text: given.text, thought: true }, pieces: given.pieces });
      }
      continue;
    }
    const isFirstCall: boolean = given.type === 'tool-call' && !hasCalled;
    const own = given.type === 'tool-call' ? given.signature : undefined;
    const signature = own ?? waiting ?? (isFirstCall && isGemini3 ? made() : undefined);
    hasCalled ||= isFirstCall;
    waiting = undefined;
    const signed = signature === undefined ? {} : { thoughtSignature: signature };
    result.push({ part: { ...contentOf(given), ...signed }, pieces: given.pieces });
  }
  if (waiting !== undefined) {
    result.push({ part: { text: '', thoughtSignature: waiting }, pieces: 1 });
  }
  return result;
}

function contentOf(part: Exclude<VendorPart, { readonly type: 'reasoning' }>): Json {
  if (part.type === 'text') return { text: part.text };
  const { id, name, arguments: args } = part;
  return { functionCall: { ...(id !== undefined && { id }), name, args } };
}

/** An answer that is not streamed, or one chunk of it. */
export function response(
  envelope: object,
  parts: readonly Json[],
  usage: object,
  finishReason?: string,
): Json {
  const content = { role: 'model', parts };
  const reason = finishReason === undefined ? {} : { finishReason };
  return { candidates: [{ content, ...reason, index: 0 }], usageMetadata: usage, ...envelope };
}

/** A prompt that was blocked has no candidates. */
export function blocked(envelope: object, usage: object): Json {
  return { promptFeedback: { blockReason: 'SAFETY' }, usageMetadata: usage, ...envelope };
}

/**
 * The chunks of a streamed answer. Calls come whole; those that follow each other come in one chunk,
 * together with the end of a text before them.
 */
export function chunksOf(parts: readonly AnsweredPart[]): readonly (readonly Json[])[] {
  const chunks: Json[][] = [];
  let isOpen = false;
  for (const { part, pieces } of parts) {
    const { text, ...rest } = part;
    if (typeof text !== 'string') {
      const last = chunks.at(-1);
      if (isOpen && last !== undefined) last.push(part);
      else chunks.push([part]);
      isOpen = true;
      continue;
    }
    const cut = text === '' ? [''] : piecesOf(text, pieces);
    const { thoughtSignature, ...plain } = rest;
    cut.forEach((piece, at) => {
      const isLast = at === cut.length - 1;
      chunks.push([{ text: piece, ...(isLast && thoughtSignature !== undefined ? rest : plain) }]);
    });
    isOpen = part['thought'] !== true;
  }
  return chunks;
}

/** A chunk on its way. */
export function chunkFrame(place: Frame['place'], data: Json): Frame {
  return { place, data };
}

/** Why an answer ended. Calls end as a text does. */
export function finishReason({ finish = 'stop' }: VendorMessage): string {
  return { stop: 'STOP', 'tool-calls': 'STOP', length: 'MAX_TOKENS', refusal: 'SAFETY' }[finish];
}

/** Tokens in the vendor's arithmetic: thoughts stand outside of the candidates. */
export function usageOf({ usage = { input: 20, output: 10 } }: VendorMessage): Json {
  const { input, output, cached, reasoning } = usage;
  return {
    promptTokenCount: input,
    candidatesTokenCount: output - (reasoning ?? 0),
    totalTokenCount: input + output,
    ...(cached !== undefined && { cachedContentTokenCount: cached }),
    ...(reasoning !== undefined && { thoughtsTokenCount: reasoning }),
    promptTokensDetails: [{ modality: 'TEXT', tokenCount: input }],
  };
}

/** What is known of the tokens before the end. */
export function earlyUsage({ usage = { input: 20, output: 10 } }: VendorMessage): Json {
  return { promptTokenCount: usage.input, totalTokenCount: usage.input };
}
