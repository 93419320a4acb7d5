import { alternating, piecesOf } from '../pieces.ts';
import type { Json } from '../shape.ts';
import type { Frame } from '../vendor-api.ts';
import type { OutputItem } from './output.ts';

/** An event before it is numbered. */
type Event = Json & { readonly type: string };

/** The events of an answer, from `response.created` to how it ended. */
export function eventsOf(
  begun: Json,
  output: readonly OutputItem[],
  ended: Json,
  isInterleaved: boolean,
): readonly Frame[] {
  const bodies = output.map(({ item, pieces }, output_index) =>
    itemEvents(item, pieces).map((event) => ({ output_index, ...event })),
  );
  // Parallel calls alternate; what is said before them does not.
  const firstCall = output.findIndex(({ item }) => item['call_id'] !== undefined);
  const from = firstCall === -1 ? bodies.length : firstCall;
  const events: readonly Event[] = [
    { type: 'response.created', response: begun },
    { type: 'response.in_progress', response: begun },
    ...(isInterleaved
      ? [...bodies.slice(0, from).flat(), ...alternating(bodies.slice(from))]
      : bodies.flat()),
    { type: `response.${String(ended['status'])}`, response: ended },
  ];
  return events.map((event, number) => numbered(event, number));
}

/** An event as it is sent, with its place. */
export function numbered(event: Event, sequence_number: number): Frame {
  const { type } = event;
  const isEnd = /^(response\.(completed|incomplete|failed)|error)$/u.test(type);
  const place = isEnd ? 'closing' : type.endsWith('.delta') ? 'content' : 'opening';
  return { event: type, data: { ...event, sequence_number }, place };
}

function itemEvents(item: Json, pieces: number | undefined): readonly Event[] {
  const { id: item_id } = item;
  const added = { type: 'response.output_item.added', item: emptied(item) };
  const done = { type: 'response.output_item.done', item };
  const between = partEvents(item, pieces).map((event) => ({ item_id, ...event }));
  return [added, ...between, done];
}

function partEvents(item: Json, pieces: number | undefined): readonly Event[] {
  switch (item['type']) {
    case 'message':
      return (item['content'] as readonly Json[]).flatMap((part, content_index) => [
        { type: 'response.content_part.added', content_index, part: { ...part, text: '' } },
        ...piecesOf(part['text'] as string, pieces).map((delta) => ({
          type: 'response.output_text.delta',
          content_index,
          delta,
          logprobs: [],
        })),
        { type: 'response.output_text.done', content_index, text: part['text'], logprobs: [] },
        { type: 'response.content_part.done', content_index, part },
      ]);
    case 'reasoning':
      return (item['summary'] as readonly Json[]).flatMap((part, summary_index) => [
        { type: `${SUMMARY}_part.added`, summary_index, part: { ...part, text: '' } },
        ...piecesOf(part['text'] as string, pieces).map((delta) => ({
          type: `${SUMMARY}_text.delta`,
          summary_index,
          delta,
        })),
        { type: `${SUMMARY}_text.done`, summary_index, text: part['text'] },
        { type: `${SUMMARY}_part.done`, summary_index, part },
      ]);
    case 'custom_tool_call':
      return fragments('response.custom_tool_call_input', 'input', item, pieces);
    default:
      return fragments('response.function_call_arguments', 'arguments', item, pieces);
  }
}

const SUMMARY = 'response.reasoning_summary';

function fragments(
  family: string,
  name: string,
  item: Json,
  pieces: number | undefined,
): readonly Event[] {
  const whole = item[name] as string;
  return [
    ...piecesOf(whole, pieces).map((delta) => ({ type: `${family}.delta`, delta })),
    { type: `${family}.done`, [name]: whole, ...(name === 'arguments' && { name: item['name'] }) },
  ];
}

/** An item as it is before its first delta. What is sealed is known at its end. */
function emptied(item: Json): Json {
  const known = Object.entries(item).filter(([name]) => name !== 'encrypted_content');
  const rest = Object.fromEntries(known);
  const status = 'in_progress';
  switch (item['type']) {
    case 'message':
      return { ...rest, status, content: [] };
    case 'reasoning':
      return { ...rest, summary: [] };
    case 'custom_tool_call':
      return { ...rest, status, input: '' };
    default:
      return { ...rest, status, arguments: '' };
  }
}
