import type { Dialect } from '@cliproxy/plugin-api';

/** What a client made of an answer's body. */
export interface ReadAnswer {
  readonly text: string;
  /** How often it was told that the answer has ended; 1 for an answer without a stream. */
  readonly ends: number;
  /** Whether something came after the last word of the dialect. */
  readonly goesOn: boolean;
  /** Whether an error stands in it. */
  readonly failed: boolean;
}

type Json = Readonly<Record<string, unknown>>;

/** Reads an answer without a stream. */
export function readWhole(dialect: Dialect, body: string): ReadAnswer {
  const answer = parsed(body);
  const text = answer === undefined ? '' : WHOLE[dialect](answer);
  const failed = answer === undefined || (answer['error'] ?? undefined) !== undefined;
  return { text, ends: failed ? 0 : 1, goesOn: false, failed };
}

/** Reads a streamed answer; what was cut off in the midst of an event counts for nothing. */
export function readStream(dialect: Dialect, body: string): ReadAnswer {
  const frames = body
    .split(/\r?\n\r?\n/u)
    .slice(0, -1)
    .map((frame) =>
      frame
        .split(/\r?\n/u)
        .flatMap((line) => /^data: ?(.*)$/u.exec(line)?.[1] ?? [])
        .join('\n'),
    )
    .filter((data) => data !== '');
  const events = frames.map((data): Json => (data === '[DONE]' ? DONE : (parsed(data) ?? {})));
  const reader = STREAMED[dialect];
  const last = events.findIndex((event) => reader.isLast(event));
  return {
    text: events.map((event) => reader.textOf(event)).join(''),
    ends: events.reduce((sum, event) => sum + reader.endsIn(event), 0),
    goesOn: last !== -1 && last < events.length - 1,
    failed: events.some(
      (event) => (event['error'] ?? undefined) !== undefined || event['type'] === 'response.failed',
    ),
  };
}

const DONE: Json = { done: true };

const WHOLE: Readonly<Record<Dialect, (answer: Json) => string>> = {
  'openai-chat': (answer) => textAt(answer, 'choices', 0, 'message', 'content'),
  'openai-responses': (answer) =>
    listAt(answer, 'output')
      .flatMap((item) => listAt(item, 'content'))
      .map((part) => textAt(part, 'text'))
      .join(''),
  'anthropic-messages': (answer) =>
    listAt(answer, 'content')
      .map((part) => textAt(part, 'text'))
      .join(''),
  gemini: (answer) => candidateText(answer),
};

interface StreamReader {
  textOf(event: Json): string;
  /** How often the event says that the answer has ended. */
  endsIn(event: Json): number;
  /** Whether nothing may follow. */
  isLast(event: Json): boolean;
}

const ENDINGS: readonly unknown[] = [
  'response.completed',
  'response.incomplete',
  'response.failed',
];

const STREAMED: Readonly<Record<Dialect, StreamReader>> = {
  'openai-chat': {
    textOf: (event) => textAt(event, 'choices', 0, 'delta', 'content'),
    // An answer needs both; two of one are as wrong as none of the other.
    endsIn: (event) =>
      (event === DONE ? 0.5 : 0) + (textAt(event, 'choices', 0, 'finish_reason') === '' ? 0 : 0.5),
    isLast: (event) => event === DONE,
  },
  'openai-responses': {
    textOf: (event) =>
      event['type'] === 'response.output_text.delta' ? textAt(event, 'delta') : '',
    endsIn: (event) => (ENDINGS.includes(event['type']) ? 1 : 0),
    isLast: (event) => ENDINGS.includes(event['type']),
  },
  'anthropic-messages': {
    textOf: (event) => textAt(event, 'delta', 'text'),
    endsIn: (event) => (event['type'] === 'message_stop' ? 1 : 0),
    isLast: (event) => event['type'] === 'message_stop',
  },
  gemini: {
    textOf: candidateText,
    endsIn: (event) => (textAt(event, 'candidates', 0, 'finishReason') === '' ? 0 : 1),
    isLast: () => false,
  },
};

function candidateText(answer: Json): string {
  return listAt(answer, 'candidates', 0, 'content', 'parts')
    .map((part) => textAt(part, 'text'))
    .join('');
}

function at(value: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (inner, step) =>
      typeof inner === 'object' && inner !== null
        ? (inner as Readonly<Record<string | number, unknown>>)[step]
        : undefined,
    value,
  );
}

function textAt(value: unknown, ...path: readonly (string | number)[]): string {
  const found = at(value, path);
  return typeof found === 'string' ? found : '';
}

function listAt(value: unknown, ...path: readonly (string | number)[]): readonly unknown[] {
  const found = at(value, path);
  return Array.isArray(found) ? found : [];
}

function parsed(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Json) : undefined;
  } catch {
    return undefined;
  }
}
