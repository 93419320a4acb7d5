import type { VendorMessage } from '../vendor-answer.ts';
import type { Asked, Route, VendorApi, VendorContext } from '../vendor-api.ts';
import { checkMessages } from './checks.ts';
import { answeredBlocks, ending, usageOf } from './content.ts';
import { faultAnswer, faultFrame, refusalFault } from './faults.ts';
import { blockFrames, endFrames, startFrame } from './frames.ts';
import { IssuedThinking } from './issued-thinking.ts';

/**
 * Anthropic's Messages API.
 *
 * @see https://platform.claude.com/docs/en/api/messages
 */
export function anthropicMessages(context: VendorContext): VendorApi {
  const issued = new IssuedThinking();
  const answer = (message: VendorMessage, asked: Asked) => {
    const blocks = answeredBlocks(message, asked, context);
    issued.issue(
      blocks.map(({ block }) => block),
      asked.model,
    );
    return blocks;
  };
  const envelope = (model: string) => ({
    id: context.id('msg_'),
    type: 'message',
    role: 'assistant',
    model,
  });
  return {
    basePath: '',
    // The vendor's SDK sends a key as a bearer token.
    keyHeaders: ['x-api-key', 'authorization'],
    route: routeOf,
    accept({ operation }, incoming) {
      const body = checkMessages(incoming, operation === 'count', issued);
      const framing = body['stream'] === true ? 'sse' : 'whole';
      return { model: body['model'] as string, framing, body };
    },
    whole: (message, asked) => ({
      ...envelope(asked.model),
      content: answer(message, asked).map(({ block }) => block),
      ...ending(message),
      usage: { ...usageOf(message), ...USAGE_EXTRAS },
    }),
    frames(message, asked) {
      const usage = usageOf(message);
      const head = {
        ...envelope(asked.model),
        content: [],
        stop_reason: null,
        stop_sequence: null,
        // What was written so far; the rest comes with the end.
        usage: { ...usage, output_tokens: 1, output_tokens_details: null, ...USAGE_EXTRAS },
      };
      return [
        startFrame(head),
        ...blockFrames(answer(message, asked)),
        ...endFrames(ending(message), usage),
      ];
    },
    faultFrame,
    count: (tokens) => ({ input_tokens: tokens }),
    models: (ids) => ({
      data: ids.map(modelOf),
      has_more: false,
      first_id: ids[0] ?? null,
      last_id: ids.at(-1) ?? null,
    }),
    model: modelOf,
    fault: (fault) => faultAnswer(fault, context.id('req_')),
    refuse: refusalFault,
  };
}

const USAGE_EXTRAS = {
  cache_creation: null,
  inference_geo: null,
  service_tier: 'standard',
  speed: null,
};

function routeOf(method: string, path: string): Route | undefined {
  if (method === 'POST' && path === '/v1/messages') return { operation: 'generate' };
  if (method === 'POST' && path === '/v1/messages/count_tokens') return { operation: 'count' };
  if (method !== 'GET') return undefined;
  if (path === '/v1/models') return { operation: 'models' };
  const [, model] = /^\/v1\/models\/([^/]+)$/u.exec(path) ?? [];
  return model === undefined ? undefined : { operation: 'model', model: decodeURIComponent(model) };
}

function modelOf(id: string) {
  return {
    type: 'model',
    id,
    display_name: id,
    created_at: '2026-01-01T00:00:00Z',
    max_input_tokens: 200_000,
    max_tokens: 64_000,
  };
}
