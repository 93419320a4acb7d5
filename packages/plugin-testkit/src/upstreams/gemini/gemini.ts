import { demand } from '../refusal.ts';
import type { Json } from '../shape.ts';
import type { VendorMessage } from '../vendor-answer.ts';
import type { Asked, Framing, Route, VendorApi, VendorContext } from '../vendor-api.ts';
import {
  answeredParts,
  blocked,
  chunkFrame,
  chunksOf,
  earlyUsage,
  finishReason,
  response,
  usageOf,
} from './answers.ts';
import { camelKeys } from './camel-keys.ts';
import { checkCount, checkGenerate } from './checks.ts';
import { errorOf, refusalFault } from './faults.ts';
import { Signatures } from './signatures.ts';

/**
 * Google's Gemini API.
 *
 * @see https://ai.google.dev/api/generate-content
 */
export function gemini(context: VendorContext): VendorApi {
  const signatures = new Signatures();
  const answer = (message: VendorMessage, asked: Asked) => {
    const parts = answeredParts(message, asked, context);
    signatures.issue(
      parts.map(({ part }) => part),
      asked.model,
    );
    return parts;
  };
  const envelope = ({ model }: Asked) => ({ modelVersion: model, responseId: context.id('r') });
  return {
    basePath: '',
    // A bearer token where an account has logged in: https://ai.google.dev/gemini-api/docs/oauth
    keyHeaders: ['x-goog-api-key', 'authorization'],
    route: routeOf,
    accept({ operation, model = '', framing = 'whole' }, incoming) {
      const body = camelKeys(incoming.body as Json);
      if (operation === 'count') checkCount(body, model, signatures);
      else checkGenerate(body, model, signatures);
      return { model, framing, body };
    },
    whole(message, asked) {
      const usage = usageOf(message);
      if (isBlocked(message)) return blocked(envelope(asked), usage);
      const parts = answer(message, asked).map(({ part }) => part);
      return response(envelope(asked), parts, usage, finishReason(message));
    },
    frames(message, asked) {
      const head = envelope(asked);
      const usage = usageOf(message);
      if (isBlocked(message)) return [chunkFrame('closing', blocked(head, usage))];
      const early = earlyUsage(message);
      const last = response(head, [{ text: '' }], usage, finishReason(message));
      return [
        ...chunksOf(answer(message, asked)).map((parts) =>
          chunkFrame('content', response(head, parts, early)),
        ),
        chunkFrame('closing', last),
      ];
    },
    faultFrame: (fault) => chunkFrame('closing', errorOf(fault)),
    count: (tokens) => ({
      totalTokens: tokens,
      promptTokensDetails: [{ modality: 'TEXT', tokenCount: tokens }],
    }),
    models: (ids) => ({ models: ids.map(modelOf) }),
    model: modelOf,
    fault: (fault) => ({ headers: {}, body: errorOf(fault) }),
    refuse: refusalFault,
  };
}

/** Nothing to say and refused: the prompt was. */
function isBlocked({ parts, finish }: VendorMessage): boolean {
  return finish === 'refusal' && parts.length === 0;
}

function routeOf(method: string, path: string, query: URLSearchParams): Route | undefined {
  if (method === 'GET' && path === '/v1beta/models') return { operation: 'models' };
  const [, name = '', verb = ''] = /^\/v1beta\/models\/([^/:]+)(?::(\w+))?$/u.exec(path) ?? [];
  if (name === '') return undefined;
  const model = decodeURIComponent(name);
  if (method === 'GET') return verb === '' ? { operation: 'model', model } : undefined;
  if (method !== 'POST') return undefined;
  const alt = query.get('alt') ?? 'json';
  demand(alt === 'json' || alt === 'sse', ['alt'], `'${alt}' is not supported`);
  switch (verb) {
    case 'generateContent':
      return { operation: 'generate', model, framing: 'whole' };
    case 'streamGenerateContent': {
      const framing: Framing = alt === 'sse' ? 'sse' : 'json-array';
      return { operation: 'generate', model, framing };
    }
    case 'countTokens':
      return { operation: 'count', model };
    default:
      return undefined;
  }
}

function modelOf(id: string) {
  return {
    name: `models/${id}`,
    version: '001',
    displayName: id,
    inputTokenLimit: 1_048_576,
    outputTokenLimit: 65_536,
    supportedGenerationMethods: ['generateContent', 'countTokens'],
    thinking: true,
  };
}
