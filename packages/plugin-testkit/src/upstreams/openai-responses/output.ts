import { freeTextOf, freeTextTools } from '../openai/free-text.ts';
import { modelLine } from '../openai/model-line.ts';
import type { Json } from '../shape.ts';
import type { VendorMessage, VendorPart } from '../vendor-answer.ts';
import type { Asked, VendorContext } from '../vendor-api.ts';

/** An item of an answer, and in how many pieces it is streamed. */
export interface OutputItem {
  readonly item: Json;
  readonly pieces: number | undefined;
}

/** The items of an answer. Reasoning is told and sealed as far as it was asked for. */
export function outputOf(
  { parts, finish }: VendorMessage,
  asked: Asked,
  context: VendorContext,
): readonly OutputItem[] {
  const { body, model } = asked;
  const { effort, summary } = (body['reasoning'] ?? {}) as { effort?: string; summary?: string };
  const line = modelLine(model);
  const thinks = (line.reasons || !line.isOpenAi) && effort !== 'none';
  const style: Style = {
    context,
    freeText: freeTextTools(body['tools']),
    isTold: typeof summary === 'string',
    isSealed: ((body['include'] ?? []) as readonly unknown[]).includes(
      'reasoning.encrypted_content',
    ),
    status: finish === 'length' || finish === 'refusal' ? 'incomplete' : 'completed',
  };
  return parts
    .filter(({ type }) => thinks || type !== 'reasoning')
    .map((part) => ({ item: itemOf(part, style), pieces: part.pieces }));
}

interface Style {
  readonly context: VendorContext;
  readonly freeText: readonly unknown[];
  readonly isTold: boolean;
  readonly isSealed: boolean;
  readonly status: 'completed' | 'incomplete';
}

function itemOf(part: VendorPart, style: Style): Json {
  const { context, status } = style;
  switch (part.type) {
    case 'text': {
      const content = [{ type: 'output_text', text: part.text, annotations: [], logprobs: [] }];
      return { id: context.id('msg_'), type: 'message', status, role: 'assistant', content };
    }
    case 'reasoning': {
      const { signature = Buffer.from(context.id('sealed-')).toString('base64') } = part;
      const isShown = style.isTold && part.text !== '';
      return {
        id: context.id('rs_'),
        type: 'reasoning',
        summary: isShown ? [{ type: 'summary_text', text: part.text }] : [],
        ...(style.isSealed && { encrypted_content: signature }),
      };
    }
    case 'tool-call': {
      const { id: call_id = context.id('call_'), name } = part;
      if (style.freeText.includes(name)) {
        const input = freeTextOf(part);
        return { id: context.id('ctc_'), type: 'custom_tool_call', status, call_id, name, input };
      }
      const json = JSON.stringify(part.arguments);
      const id = context.id('fc_');
      return { id, type: 'function_call', status, call_id, name, arguments: json };
    }
  }
}
