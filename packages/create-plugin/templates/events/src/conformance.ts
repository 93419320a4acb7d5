import type { Conformance, Fakes, ScriptedUpstream } from '@cliproxy/plugin-testkit';

/**
 * What the checks of the contract can't find out by themselves: the API is none that they know. Used by
 * conformance.test.ts, and by `cliproxy plugins check`, which finds it as `./conformance` of the package.
 * It imports types alone, so that nothing of the testkit is needed where the plugin is installed.
 */
const conformance: Conformance<ScriptedUpstream> = {
  upstream: (fakes) => startFakeApi(fakes),
  // What the API documents. Each status is answered in turn, and must be known for what it is.
  errors: [
    { status: 400, kind: 'bad-request' },
    { status: 401, kind: 'auth' },
    { status: 402, kind: 'billing' },
    { status: 403, kind: 'forbidden' },
    { status: 404, kind: 'not-found' },
    { status: 413, kind: 'too-large' },
    { status: 429, kind: 'rate-limit' },
    { status: 500, kind: 'upstream' },
    { status: 503, kind: 'overloaded' },
  ],
};
export default conformance;

/**
 * A fake of the API on loopback. An answer is a list of pieces, so that the kit can play every fault by
 * itself: an endless answer repeats the last piece but one, an unfinished one lacks the last. TODO: make
 * it as strict as the API is.
 *
 * @param token - the one that is taken; absent: any.
 */
export async function startFakeApi(
  { startScriptedUpstream }: Pick<Fakes, 'startScriptedUpstream'>,
  token?: string,
): Promise<ScriptedUpstream> {
  const upstream = await startScriptedUpstream();
  upstream.answer(({ method, url, headers, body }) => {
    const given = /^Bearer (\S+)$/u.exec(headers.authorization ?? '')?.[1];
    if (given === undefined || (token !== undefined && given !== token)) return refusal(401);
    if (method === 'GET' && url === '/models') return { body: '{"models":["«MODEL»"]}' };
    if (method !== 'POST' || url !== '/chat') return refusal(404);
    const { model, messages } = JSON.parse(body.toString()) as Record<string, unknown>;
    if (typeof model !== 'string' || !Array.isArray(messages)) return refusal(400);
    return {
      headers: { 'content-type': 'application/x-ndjson' },
      body: [
        '{"say":"Hello"}\n',
        '{"say":" from the upstream"}\n',
        '{"done":"end","tokens":{"in":3,"out":4}}\n',
      ],
    };
  });
  return upstream;
}

function refusal(status: number) {
  return { status, body: `{"error":"status ${status}"}` };
}
