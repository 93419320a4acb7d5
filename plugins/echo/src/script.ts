import { GatewayError, upstreamCodes } from '@cliproxy/plugin-api';
import type { FailureKind, ModelRequest, Part } from '@cliproxy/plugin-api';

/** What to answer: worked out from the last turn of a request. */
export interface Script {
  readonly reasoning: string;
  readonly text: string;
  readonly toolCalls: readonly ToolOrder[];
  /** Break off after this many words, as if the upstream had died. */
  readonly breakAfterWords: number | undefined;
}

interface ToolOrder {
  readonly name: string;
  readonly argumentsJson: string;
}

/**
 * Reads the script of an answer from what was sent. Lines of text that begin with one of these words
 * are orders, everything else is echoed:
 *
 * - `/tool NAME {"x":1}` calls a tool; several lines call several at once
 * - `/think SOME TEXT` thinks before it answers
 * - `/error KIND [SECONDS]` fails; the kinds are those of `FailureKind`; for a second unless said
 * - `/break [WORDS]` breaks the answer off; after one word unless said
 *
 * @param nowMs - milliseconds since 1970.
 * @throws GatewayError for `/error`, and for an order that can't be understood.
 */
export function readScript(request: ModelRequest, nowMs: number): Script {
  const text: string[] = [];
  const reasoning: string[] = [];
  const toolCalls: ToolOrder[] = [];
  let breakAfterWords: number | undefined;
  const readLine = (line: string): void => {
    const [order, first = '', ...rest] = line.trim().split(' ');
    switch (order) {
      case '/tool':
        toolCalls.push(toolOrder(first, rest.join(' ').trim()));
        break;
      case '/think':
        reasoning.push([first, ...rest].join(' '));
        break;
      case '/error':
        throw failure(first, rest[0], nowMs);
      case '/break':
        breakAfterWords = first === '' ? 1 : wholeNumber(first, '/break');
        break;
      default:
        text.push(line);
    }
  };
  for (const part of request.turns.at(-1)?.parts ?? []) {
    // What a tool answered gives no orders.
    if (part.type === 'text') part.text.split('\n').forEach(readLine);
    else text.push(said(part));
  }
  return { reasoning: reasoning.join('\n'), text: text.join('\n'), toolCalls, breakAfterWords };
}

/** A part in words: text as it is, anything else by what it is. */
export function said(part: Part): string {
  switch (part.type) {
    case 'text':
    case 'refusal':
    case 'reasoning':
      return part.text;
    case 'media':
      return `[${part.mediaType}]`;
    case 'tool-call':
      return `${part.name}(${part.argumentsJson})`;
    case 'tool-result':
      return part.content.map(said).join('\n');
  }
}

function toolOrder(name: string, written: string): ToolOrder {
  if (name === '') throw refusal('/tool: name a tool, for example /tool look {"x":1}');
  const argumentsJson = written === '' ? '{}' : written;
  if (isJsonObject(argumentsJson)) return { name, argumentsJson };
  throw refusal(`/tool ${name}: the arguments are no JSON object; write for example {"x":1}`);
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

function failure(kind: string, seconds: string | undefined, nowMs: number): GatewayError {
  if (!Object.hasOwn(upstreamCodes, kind)) {
    const kinds = Object.keys(upstreamCodes).join(', ');
    return refusal(`/error ${kind}: there is no such kind; use one of ${kinds}`);
  }
  const known = kind as FailureKind;
  const clientFault = known === 'bad-request' || known === 'too-large';
  const message = `echo was told to fail with ${kind}`;
  return new GatewayError(upstreamCodes[known], message, {
    failure: {
      kind: known,
      scope: clientFault ? 'request' : 'account',
      resetAtMs: nowMs + 1000 * (seconds === undefined ? 1 : wholeNumber(seconds, '/error')),
      message,
    },
  });
}

function wholeNumber(text: string, order: string): number {
  if (!/^\d{1,6}$/u.test(text)) throw refusal(`${order} ${text}: give a whole number`);
  return Number(text);
}

function refusal(message: string): GatewayError {
  return new GatewayError('UPSTREAM_BAD_REQUEST', message, {
    failure: { kind: 'bad-request', scope: 'request', message },
  });
}
