import { setTimeout as sleep } from 'node:timers/promises';
import { GatewayError } from '@cliproxy/plugin-api';
import type { CallContext, EventExecutor, ModelEvent, ModelRequest } from '@cliproxy/plugin-api';
import type { EchoConfig } from './config.ts';
import { embed } from './embed.ts';
import { readScript, said } from './script.ts';
import type { Script } from './script.ts';

/** Answers with what it was sent, word by word. */
export function echoExecutor(config: EchoConfig, clock: { now(): number }): EventExecutor {
  return {
    kind: 'events',
    models: async () => [{ id: 'echo', displayName: 'Echo', lacks: ['json-schema'] }],
    run: (request, call) => answer(config, request, call, clock),
    countTokens: async (request) => countInput(request),
    embed: async (request) => embed(request, countWords),
  };
}

async function* answer(
  { paceMs }: EchoConfig,
  request: ModelRequest,
  { requestId, signal }: Pick<CallContext, 'requestId' | 'signal'>,
  clock: { now(): number },
): AsyncGenerator<ModelEvent> {
  const script = readScript(request, clock.now());
  yield { type: 'start' };
  let index = 0;
  let words = 0;
  for (const type of ['reasoning', 'text'] as const) {
    if (script[type] === '') continue;
    yield { type: 'open', index, part: { type, text: '' } };
    for (const piece of inWords(script[type])) {
      if (paceMs > 0) await sleep(paceMs, undefined, { signal });
      if (words === script.breakAfterWords) throw brokenOff();
      yield { type: 'delta', index, text: piece };
      words += 1;
    }
    yield { type: 'close', index };
    index += 1;
  }
  if (script.breakAfterWords !== undefined) throw brokenOff();
  for (const { name, argumentsJson } of script.toolCalls) {
    const id = `call_${requestId}_${index}`;
    yield { type: 'open', index, part: { type: 'tool-call', id, name, argumentsJson: '' } };
    for (const piece of inWords(argumentsJson)) yield { type: 'delta', index, text: piece };
    yield { type: 'close', index };
    index += 1;
  }
  yield { type: 'usage', usage: usage(request, script) };
  yield { type: 'finish', reason: script.toolCalls.length > 0 ? 'tool-calls' : 'stop' };
}

function usage(request: ModelRequest, { reasoning, text, toolCalls }: Script) {
  const reasoningTokens = countWords(reasoning);
  const called = toolCalls.map(({ name, argumentsJson }) => `${name} ${argumentsJson}`).join(' ');
  return {
    inputTokens: countInput(request),
    outputTokens: countWords(text) + countWords(called) + reasoningTokens,
    reasoningTokens,
    estimated: true,
  };
}

function countInput({ turns }: ModelRequest): number {
  return turns.reduce(
    (sum, { parts }) => sum + parts.reduce((words, part) => words + countWords(said(part)), 0),
    0,
  );
}

/** Words stand for tokens: echo has no tokenizer. */
function countWords(text: string): number {
  return inWords(text.trim()).length;
}

/** Each with the space that follows it, so that all of them together are the text. */
function inWords(text: string): readonly string[] {
  return text === '' ? [] : text.split(/(?<=\s)(?=\S)/u);
}

function brokenOff(): GatewayError {
  return new GatewayError('UPSTREAM_TRUNCATED', 'echo was told to break off', {
    failure: { kind: 'network', scope: 'request' },
  });
}
