import { framesOf } from '../grammar/frames.ts';
import type { Outcome } from '../run-matrix.ts';
import type { Written } from './sdk-types.ts';
import { shapeOf } from './shape-of.ts';

/** What a value is, by the name of its type. */
export type EmittedKind = keyof Written;

/** A value that the gateway wrote, to a client or to a vendor. */
export interface Emitted {
  readonly kind: EmittedKind;
  /** Where it was seen first. */
  readonly where: string;
  readonly value: unknown;
}

/** Everything that the gateway wrote, one of each shape. */
export function emittedIn(outcomes: readonly Outcome[]): readonly Emitted[] {
  const byShape = new Map<string, Emitted>();
  for (const emitted of outcomes.flatMap(all)) {
    const key = `${emitted.kind} ${shapeOf(emitted.value)}`;
    if (!byShape.has(key)) byShape.set(key, emitted);
  }
  return [...byShape.values()];
}

function all({ scenario, pair, exchanges, asked }: Outcome): readonly Emitted[] {
  const { client, provider } = pair;
  const where = `${client.name} ${client.dialect} → ${provider.dialect}, ${scenario}`;
  const answers = exchanges.flatMap(({ status, headers, body, complete }) => {
    if (headers.get('content-type')?.startsWith('text/event-stream')) {
      return framesOf(body).flatMap(({ data }) => (data === '[DONE]' ? [] : [JSON.parse(data)]));
    }
    return status === undefined || !complete ? [] : [JSON.parse(body) as unknown];
  });
  // In the same dialect, what the vendor is sent are the client's own words.
  const written = client.dialect === provider.dialect ? [] : asked;
  return [
    ...written.map((value) => ({ kind: `${provider.dialect} request` as const, where, value })),
    ...answers.map((value: unknown) => ({
      kind: `${client.dialect} ${kindOf(value)}` as const,
      where,
      value,
    })),
  ];
}

/** Told by what it holds: errors come as bodies and as events. */
function kindOf(value: unknown): 'answer' | 'event' | 'error' {
  const { error, object, type, choices } = value as Readonly<Record<string, unknown>>;
  if (type === 'error' || (error !== undefined && error !== null && object === undefined)) {
    return 'error';
  }
  if (choices !== undefined) return object === 'chat.completion' ? 'answer' : 'event';
  return type === undefined || type === 'message' ? 'answer' : 'event';
}
