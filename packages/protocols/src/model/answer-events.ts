import { GatewayError } from '@cliproxy/plugin-api';
import type { Citation, FinishReason, ModelEvent, Opaque, Part, Usage } from '@cliproxy/plugin-api';
import type { Answer } from './answer.ts';

interface OpenPart {
  readonly part: Part;
  readonly pieces: string[];
  opaque?: Opaque;
  citations?: readonly Citation[];
}

/**
 * Adds up the events of an answer. Parts stand in the order in which they were opened.
 *
 * @throws GatewayError `UPSTREAM_TRUNCATED` without a `finish`, `UPSTREAM_BAD_ANSWER` for a delta
 *   of a part that is not there.
 */
export function collectAnswer(events: Iterable<ModelEvent>): Answer {
  const collector = answerCollector();
  for (const event of events) collector.push(event);
  return collector.end();
}

/** Adds up events as they come; see {@link collectAnswer}. */
export interface AnswerCollector {
  push(event: ModelEvent): void;
  end(): Answer;
}

/** Makes a collector for one answer. */
export function answerCollector(): AnswerCollector {
  const open = new Map<number, OpenPart>();
  let id: string | undefined;
  let usage: Usage | undefined;
  let finish: FinishReason | undefined;
  return {
    push(event) {
      switch (event.type) {
        case 'start':
          id = event.id ?? id;
          break;
        case 'open':
          open.set(event.index, { part: event.part, pieces: [] });
          break;
        case 'delta':
          partAt(open, event.index).pieces.push(event.text);
          break;
        case 'close':
          if (event.opaque !== undefined) partAt(open, event.index).opaque = event.opaque;
          if (event.citations !== undefined) {
            partAt(open, event.index).citations = event.citations;
          }
          break;
        case 'usage':
          usage = event.usage;
          break;
        case 'finish':
          finish = event.reason;
          break;
      }
    },
    end() {
      if (finish === undefined) throw truncated();
      const parts: Part[] = [];
      for (const one of open.values()) parts.push(closed(one));
      const answer: { -readonly [K in keyof Answer]: Answer[K] } = { parts, finish };
      if (id !== undefined) answer.id = id;
      if (usage !== undefined) answer.usage = usage;
      return answer;
    },
  };
}

/** The events of a complete answer: what a stream of it would have told, in as few steps. */
export function answerEvents(answer: Answer): readonly ModelEvent[] {
  const events: ModelEvent[] = [
    answer.id === undefined ? { type: 'start' } : { type: 'start', id: answer.id },
  ];
  answer.parts.forEach((part, index) => {
    events.push(...partEvents(part, index));
  });
  if (answer.usage !== undefined) events.push({ type: 'usage', usage: answer.usage });
  events.push({ type: 'finish', reason: answer.finish });
  return events;
}

/** The error of an answer that ended before its `finish`. */
export function truncated(): GatewayError {
  const message = "The upstream's answer ended before it was complete.";
  return new GatewayError('UPSTREAM_TRUNCATED', message, {
    failure: { kind: 'upstream', scope: 'instance', message },
  });
}

function partAt(open: ReadonlyMap<number, OpenPart>, index: number): OpenPart {
  const part = open.get(index);
  if (part !== undefined) return part;
  throw new GatewayError(
    'UPSTREAM_BAD_ANSWER',
    `The upstream's answer goes on with part ${index}, which it has not begun.`,
    { failure: { kind: 'upstream', scope: 'instance' } },
  );
}

function closed({ part, pieces, opaque, citations }: OpenPart): Part {
  const text = pieces.join('');
  switch (part.type) {
    case 'text':
    case 'refusal':
      // An answer without stream tells its parts whole.
      if (text === '' && citations === undefined) return part;
      return { ...part, text: part.text + text, ...(citations !== undefined && { citations }) };
    case 'reasoning':
      return { ...part, text: part.text + text, ...(opaque !== undefined && { opaque }) };
    case 'tool-call': {
      const argumentsJson = part.argumentsJson + text;
      return {
        ...part,
        argumentsJson: argumentsJson === '' && part.kind !== 'custom' ? '{}' : argumentsJson,
        ...(opaque !== undefined && { opaque }),
      };
    }
    case 'media':
    case 'tool-result':
      return part;
  }
}

function partEvents(part: Part, index: number): readonly ModelEvent[] {
  const delta = (text: string): readonly ModelEvent[] =>
    text === '' ? [] : [{ type: 'delta', index, text }];
  const close: ModelEvent = { type: 'close', index };
  switch (part.type) {
    case 'text':
    case 'refusal': {
      const { type, text, citations } = part;
      return [
        { type: 'open', index, part: { type, text: '' } },
        ...delta(text),
        citations === undefined ? close : { ...close, citations },
      ];
    }
    case 'reasoning': {
      // Without text, the opaque part is all there is: it comes whole, as the upstream sent it.
      if (part.text === '') return [{ type: 'open', index, part }, close];
      const { opaque, ...rest } = part;
      return [
        { type: 'open', index, part: { ...rest, text: '' } },
        ...delta(part.text),
        opaque === undefined ? close : { ...close, opaque },
      ];
    }
    case 'tool-call':
      // Its signature stays with it: some dialects tell that before the call.
      return [
        { type: 'open', index, part: { ...part, argumentsJson: '' } },
        ...delta(part.argumentsJson),
        close,
      ];
    case 'media':
    case 'tool-result':
      return [{ type: 'open', index, part }, close];
  }
}
