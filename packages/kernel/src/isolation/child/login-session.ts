import type { Account, AuthContext, LoginSession, Secret } from '@cliproxy/plugin-api';
import { fromPlain } from '../channel/plain-value.ts';
import type { GatewayPeer } from './gateway-door.ts';

/** What a login is begun with. */
interface LoginBegin {
  readonly work: number;
  readonly input: unknown;
  readonly state: string;
  readonly previous?: Account | undefined;
}

/** A login's session, which the gateway leads. */
export function loginSession(
  peer: GatewayPeer,
  { work, input, state, previous }: LoginBegin,
  context: AuthContext,
): LoginSession {
  return Object.freeze<LoginSession>({
    ...context,
    input: fromPlain(input) as Readonly<Record<string, Secret>>,
    state,
    ...(previous === undefined ? {} : { previous }),
    redirectUri: async (wish) => (await peer.ask('redirectUri', { work, wish })).value,
    open: (url) => peer.tell('open', { work, url }),
    showCode: (url, code) => peer.tell('showCode', { work, url, code }),
    progress: (text) => peer.tell('progress', { work, text }),
    callback: async () => (await peer.ask('callback', { work })).value,
  });
}
