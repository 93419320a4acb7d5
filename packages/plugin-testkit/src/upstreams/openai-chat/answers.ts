import { freeTextOf, freeTextTools } from '../openai/free-text.ts';
import { alternating, piecesOf } from '../pieces.ts';
import type { VendorMessage, VendorPart } from '../vendor-answer.ts';
import type { Asked, Frame, VendorContext } from '../vendor-api.ts';

/** How an answer differs from server to server, and from request to request. */
export interface ChatStyle {
  readonly asked: Asked;
  readonly context: VendorContext;
  /** Whether reasoning is told. */
  readonly speaksReasoning: boolean;
}

/** An answer that is not streamed. */
export function completion(message: VendorMessage, style: ChatStyle): object {
  const { parts } = message;
  const text = textOf(parts, 'text');
  const reasoning = style.speaksReasoning ? textOf(parts, 'reasoning') : undefined;
  const calls = callsOf(parts, style).map(({ id, type, name, field, text: args }) => ({
    id,
    type,
    [type]: { name, [field]: args },
  }));
  return {
    ...envelope(style, 'chat.completion'),
    choices: choicesOf(style.asked, (index) => ({
      index,
      message: {
        role: 'assistant',
        content: text ?? null,
        refusal: null,
        ...(reasoning !== undefined && { reasoning_content: reasoning }),
        ...(calls.length > 0 && { tool_calls: calls }),
        annotations: [],
      },
      logprobs: null,
      finish_reason: finishReason(message),
    })),
    usage: usageOf(message),
  };
}

/** The chunks of a streamed answer, with `[DONE]`. */
export function chunks(message: VendorMessage, style: ChatStyle): readonly Frame[] {
  const head = envelope(style, 'chat.completion.chunk');
  const options = style.asked.body['stream_options'] as
    { readonly include_usage?: boolean } | null | undefined;
  const withUsage = options?.include_usage === true;
  const chunk = (place: Frame['place'], delta: object, reason: string | null = null): Frame[] =>
    choicesOf(style.asked, (index) => ({
      place,
      data: {
        ...head,
        choices: [{ index, delta, logprobs: null, finish_reason: reason }],
        ...(withUsage && { usage: null }),
      },
    }));
  const frames = [
    ...chunk('opening', { role: 'assistant', content: '', refusal: null }),
    ...deltasOf(message, style).flatMap((delta) => chunk('content', delta)),
    ...chunk('closing', {}, finishReason(message)),
  ];
  if (withUsage) {
    frames.push({ place: 'closing', data: { ...head, choices: [], usage: usageOf(message) } });
  }
  return [...frames, { place: 'closing', data: '[DONE]' }];
}

function envelope({ asked, context }: ChatStyle, object: string) {
  return {
    id: context.id('chatcmpl-'),
    object,
    created: 1_760_000_000,
    model: asked.model,
    service_tier: 'default',
    system_fingerprint: 'fp_0123456789',
  };
}

/** One for each of the `n` that were asked for; all of them say the same. */
function choicesOf<T>({ body }: Asked, choice: (index: number) => T): T[] {
  return Array.from({ length: Number(body['n'] ?? 1) }, (_, index) => choice(index));
}

function deltasOf({ parts, stream }: VendorMessage, style: ChatStyle): readonly object[] {
  const said = parts.flatMap((part): readonly object[] => {
    if (part.type === 'tool-call') return [];
    if (part.type === 'reasoning' && !style.speaksReasoning) return [];
    const name = part.type === 'text' ? 'content' : 'reasoning_content';
    return piecesOf(part.text, part.pieces).map((piece) => ({ [name]: piece }));
  });
  const calls = callsOf(parts, style).map(({ id, type, name, field, text, pieces }, index) => [
    { index, id, type, [type]: { name, [field]: '' } },
    ...piecesOf(text, pieces).map((piece) => ({ index, [type]: { [field]: piece } })),
  ]);
  const ordered = stream?.interleaved === true ? alternating(calls) : calls.flat();
  return [...said, ...ordered.map((fragment) => ({ tool_calls: [fragment] }))];
}

/** A call of a function, or of a tool that takes free text. */
interface Call {
  readonly id: string;
  readonly type: 'function' | 'custom';
  readonly name: string;
  /** Where its text stands. */
  readonly field: 'arguments' | 'input';
  readonly text: string;
  readonly pieces: number | undefined;
}

function callsOf(parts: readonly VendorPart[], { asked, context }: ChatStyle): readonly Call[] {
  const freeText = freeTextTools(asked.body['tools']);
  return parts.flatMap((part): readonly Call[] => {
    if (part.type !== 'tool-call') return [];
    const { id = context.id('call_'), name, pieces } = part;
    return freeText.includes(name)
      ? [{ id, type: 'custom', name, field: 'input', text: freeTextOf(part), pieces }]
      : [
          {
            id,
            type: 'function',
            name,
            field: 'arguments',
            text: JSON.stringify(part.arguments),
            pieces,
          },
        ];
  });
}

function textOf(parts: readonly VendorPart[], type: 'text' | 'reasoning'): string | undefined {
  const texts = parts.flatMap((part) => (part.type === type ? [part.text] : []));
  return texts.length === 0 ? undefined : texts.join('');
}

function finishReason({ parts, finish }: VendorMessage): string {
  const hasCalls = parts.some(({ type }) => type === 'tool-call');
  return REASONS[finish ?? (hasCalls ? 'tool-calls' : 'stop')];
}

const REASONS = {
  stop: 'stop',
  length: 'length',
  'tool-calls': 'tool_calls',
  refusal: 'content_filter',
} as const;

function usageOf({ usage = { input: 20, output: 10 } }: VendorMessage) {
  const { input, output, cached = 0, reasoning = 0 } = usage;
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: { cached_tokens: cached, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: reasoning,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}
