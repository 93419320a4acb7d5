import type { VendorMessage, VendorPart } from '../vendor-answer.ts';
import type { Asked, VendorContext } from '../vendor-api.ts';
import type { Block } from './conversation.ts';
import { modelLine } from './model-line.ts';

/** A block of an answer, and in how many pieces it is streamed. */
export interface AnsweredBlock {
  readonly block: Block;
  readonly pieces: number | undefined;
}

/** The blocks of an answer. Thinking is told only where it was asked for, or can't be off. */
export function answeredBlocks(
  { parts }: VendorMessage,
  { body, model }: Asked,
  context: VendorContext,
): readonly AnsweredBlock[] {
  const thinking = body['thinking'] as { type?: string; display?: string | null } | undefined;
  const byDefault = modelLine(model).thinking.includes('enabled') ? 'disabled' : 'adaptive';
  const isOn = (thinking?.type ?? byDefault) !== 'disabled';
  const isOmitted = thinking?.display === 'omitted';
  return parts
    .filter(({ type }) => isOn || type !== 'reasoning')
    .map((part) => ({ block: blockOf(part, isOmitted, context), pieces: part.pieces }));
}

function blockOf(part: VendorPart, isOmitted: boolean, context: VendorContext): Block {
  switch (part.type) {
    case 'text':
      return { type: 'text', text: part.text };
    case 'reasoning': {
      const signature = part.signature ?? sealed(context.id('signature-'));
      if (part.redacted === true) return { type: 'redacted_thinking', data: signature };
      return { type: 'thinking', thinking: isOmitted ? '' : part.text, signature };
    }
    case 'tool-call': {
      const { id = context.id('toolu_'), name, arguments: input } = part;
      return { type: 'tool_use', id, name, input };
    }
  }
}

function sealed(text: string): string {
  return Buffer.from(text).toString('base64');
}

/** Why an answer ended, and what is said with it. */
export function ending({ parts, finish }: VendorMessage) {
  const hasCalls = parts.some(({ type }) => type === 'tool-call');
  const reason = STOP_REASONS[finish ?? (hasCalls ? 'tool-calls' : 'stop')];
  const details = { type: 'refusal', category: null, explanation: null };
  return {
    stop_reason: reason,
    stop_sequence: null,
    stop_details: reason === 'refusal' ? details : null,
  };
}

const STOP_REASONS = {
  stop: 'end_turn',
  length: 'max_tokens',
  'tool-calls': 'tool_use',
  refusal: 'refusal',
} as const;

/** Tokens in the vendor's arithmetic: those of the cache stand outside of `input_tokens`. */
export function usageOf({ usage = { input: 20, output: 10 } }: VendorMessage) {
  const { input, output, cached = 0, cacheWrite = 0, reasoning } = usage;
  return {
    input_tokens: input - cached - cacheWrite,
    cache_creation_input_tokens: cacheWrite,
    cache_read_input_tokens: cached,
    output_tokens: output,
    output_tokens_details: reasoning === undefined ? null : { thinking_tokens: reasoning },
    server_tool_use: null,
  };
}
