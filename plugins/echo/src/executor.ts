import { setTimeout as sleep } from 'node:timers/promises';
import { GatewayError } from '@cliproxy/plugin-api';
import type { CallContext, EventExecutor, ModelEvent, ModelRequest } from '@cliproxy/plugin-api';
import type { EchoConfig } from './config.ts';
import { readScript } from './script.ts';
import type { Script } from './script.ts';

/** Answers with what it was sent, word by word. */
export function echoExecutor(config: EchoConfig, clock: { now(): number }): EventExecutor {
  return {
    kind: 'events',
    models: async () => [{ id: 'echo', displayName: 'Echo', lacks: ['json-schema'] }],
    run: (request, call) => answer(config, request, call, readScript(request, clock.now())),
    countTokens: async (request) => countWords(JSON.stringify(request.turns)),
  };
}

async function* answer(
  { paceMs }: EchoConfig,
  request: ModelRequest,
  call: CallContext,
  script: Script,
): AsyncGenerator<ModelEvent> {
  yield { type: 'start' };
  let index = 0;
  let words = 0;
  for (const type of ['reasoning', 'text'] as const) {
    const text = script[type];
    if (text === '') continue;
    yield { type: 'open', index, part: { type, text: '' } };
    for (const piece of text.split(/(?<=\s)(?=\S)/u)) {
      if (paceMs > 0) await sleep(paceMs, undefined, { signal: call.signal });
      if (words === script.breakAfterWords) throw brokenOff();
      yield { type: 'delta', index, text: piece };
      words += 1;
    }
    yield { type: 'close', index };
    index += 1;
  }
  if (script.breakAfterWords !== undefined) throw brokenOff();
  for (const { name, argumentsJson } of script.toolCalls) {
    const id = `call_${call.requestId}_${index}`;
    yield { type: 'open', index, part: { type: 'tool-call', id, name, argumentsJson: '' } };
    yield { type: 'delta', index, text: argumentsJson };
    yield { type: 'close', index };
    index += 1;
  }
  yield { type: 'usage', usage: usage(request, script) };
  yield { type: 'finish', reason: script.toolCalls.length > 0 ? 'tool-calls' : 'stop' };
}

function usage(request: ModelRequest, script: Script) {
  const reasoningTokens = countWords(script.reasoning);
  return {
    inputTokens: countWords(JSON.stringify(request.turns)),
    outputTokens: countWords(script.text) + reasoningTokens,
    reasoningTokens,
    estimated: true,
  };
}

/** Words stand for tokens: echo has no tokenizer. */
function countWords(text: string): number {
  return text.split(/\s+/u).filter((word) => word !== '').length;
}

function brokenOff(): GatewayError {
  return new GatewayError('UPSTREAM_TRUNCATED', 'echo was told to break off', {
    failure: { kind: 'network', scope: 'request' },
  });
}
