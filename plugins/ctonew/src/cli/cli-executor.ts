import { createHash } from 'node:crypto';
import type { HeaderMap, WireCall, WireExecutor, WireReply } from '@cliproxy/plugin-api';
import type { CtonewService } from '../config.ts';
import type { JsonObject } from '../json-object.ts';
import type { ModelNames } from '../models/model-names.ts';

/** Moves Chat Completions to the API that cto.new's command line uses, and back. */
export function cliExecutor({ api }: CtonewService, names: ModelNames): WireExecutor {
  return {
    kind: 'wire',
    speaks: { 'openai-chat': ['generate'] },
    models: (context) => names.list(context),
    async send(call) {
      const model = await upstreamId(names, call);
      const reply = await call.http.request(
        {
          method: 'POST',
          url: api + call.path,
          headers: { ...call.headers, ...affinity(call) },
          body: model === call.model ? call.body : renamed(call.body, model),
        },
        call.signal,
      );
      return reply.status === 403 ? refusedToken(reply) : reply;
    },
  };
}

/** A name that is not listed is the upstream's to refuse, and so is a list that can't be had. */
async function upstreamId(names: ModelNames, call: WireCall): Promise<string> {
  try {
    return (await names.upstreamId(call)) ?? call.model;
  } catch {
    call.signal.throwIfAborted();
    return call.model;
  }
}

/** Only for a name that the gateway's list did not know yet, or that a route gave as it came. */
function renamed(body: Buffer, model: string): Buffer {
  return Buffer.from(JSON.stringify({ ...(JSON.parse(body.toString()) as JsonObject), model }));
}

/** Lets the upstream keep a conversation's cache together. What a client calls it, stays here. */
function affinity({ sessionKey }: WireCall): HeaderMap {
  if (sessionKey === undefined) return {};
  const id = createHash('sha256').update(sessionKey).digest('hex').slice(0, 32);
  return { 'x-session-id': id, 'x-session-affinity': id };
}

/** By this status it says that a token has ended, as by 401. */
function refusedToken(reply: WireReply): WireReply {
  return { ...reply, failure: { kind: 'auth', scope: 'account' } };
}
