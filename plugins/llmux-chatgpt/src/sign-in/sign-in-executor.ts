import type { WireExecutor } from '@cliproxy/plugin-api';
import { listPlanModels } from './plan-models.ts';
import { markLimits } from './plan-limits.ts';
import { planRequest } from './plan-request.ts';
import { wholeAnswer } from './whole-answer.ts';

/**
 * Moves Responses to the vendor and back, within what it allows for the use of plans.
 *
 * @param root - the API's address, without a slash at its end.
 * @param now - milliseconds since 1970.
 */
export function signInExecutor(root: string, now: () => number): WireExecutor {
  return {
    kind: 'wire',
    speaks: { 'openai-responses': ['generate'] },
    models: (context) => listPlanModels(root, context),
    async send({ http, path, headers, body, stream, signal }) {
      const request = {
        method: 'POST',
        url: root + path,
        headers: { ...headers, accept: 'text/event-stream' },
        body: planRequest(body),
      } as const;
      const reply = await markLimits(await http.request(request, signal), now());
      return stream || reply.status !== 200 ? reply : wholeAnswer(reply);
    },
  };
}
