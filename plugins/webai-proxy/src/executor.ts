import type { WireCall, WireExecutor, WireReply } from '@cliproxy/plugin-api';
import type { Service, ServiceKind } from './config.ts';
import { adaptBody } from './request/adapt-body.ts';
import { untilDone } from './request/until-done.ts';
import { kindTraits } from './service/kind-traits.ts';
import type { KnownKind } from './service/known-kind.ts';
import { listModels } from './service/models.ts';

/** Moves chats to the service, in words that its kind understands, and back. */
export function webaiExecutor(service: Service, kinds: KnownKind): WireExecutor {
  return {
    kind: 'wire',
    speaks: { 'openai-chat': ['generate'] },
    // What these services write only resembles OpenAI's.
    passthrough: false,
    get unlisted() {
      return kindTraits[kinds.now];
    },
    models: (context) => listModels(service, kinds, context),
    async send(call) {
      const kind = await kinds.find(call);
      const reply = await call.http.request(
        {
          method: 'POST',
          url: `${service.root}/v1${call.path}`,
          headers: call.headers,
          body: adaptBody(kind, call.body),
        },
        call.signal,
      );
      return checked(reply, kind, call);
    },
  };
}

function checked(reply: WireReply, kind: ServiceKind, { account }: WireCall): WireReply {
  const { status, headers } = reply;
  const type = String(headers['content-type'] ?? '').toLowerCase();
  if (status === 200 && kindTraits[kind].endsWithDone && type.startsWith('text/event-stream')) {
    return { ...reply, body: untilDone(reply.body) };
  }
  const wantsLogin = (kind === 'webai' || kind === 'legacy') && status === 401;
  // The service's own login, which nobody here can mend: it is asked again soon.
  return wantsLogin && account.facts['login'] === undefined
    ? { ...reply, failure: { kind: 'upstream', scope: 'account' } }
    : reply;
}
