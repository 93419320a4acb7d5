import type { Secret } from '@cliproxy/plugin-api';
import * as oauth from 'oauth4webapi';
import { ServerLookup } from './authorization-server.ts';
import type { Door, RequestOptions } from './oauth-door.ts';
import { throughDoor } from './oauth-door.ts';
import type { OAuthOptions } from './oauth-options.ts';

/** A vendor and us as its client: what every request is made with. */
export class OAuthClient {
  readonly options: OAuthOptions;
  readonly #servers: ServerLookup;

  constructor(options: OAuthOptions) {
    this.options = options;
    this.#servers = new ServerLookup(options);
  }

  server(door: Door): Promise<oauth.AuthorizationServer> {
    return this.#servers.find(door);
  }

  /** The id that an account's requests carry: the one that the vendor issued for it, or ours. */
  idFor(facts: Readonly<Record<string, string>> | undefined): string {
    const { clientId, issuesClientId } = this.options;
    return (issuesClientId === true ? facts?.clientId : undefined) ?? clientId;
  }

  /** The facts that an account needs to be known by its issued id again. */
  factsFor(clientId: string): Readonly<Record<string, string>> {
    return this.options.issuesClientId === true ? { clientId } : {};
  }

  /** How the client proves itself. */
  proof(): oauth.ClientAuth {
    const { clientSecret, clientSecretIn = 'header' } = this.options;
    if (clientSecret === undefined) return oauth.None();
    return proofs[clientSecretIn](clientSecret);
  }

  /** What a request to the token endpoint is sent with. */
  tokenRequest(
    door: Door,
    parameters: Readonly<Record<string, string>> = {},
  ): RequestOptions & { readonly additionalParameters: Record<string, string> } {
    const { tokenFormat, tokenHeaders, tokenParameters } = this.options;
    return {
      ...throughDoor(door, this.options, tokenFormat, tokenHeaders),
      additionalParameters: { ...tokenParameters, ...parameters },
    };
  }

  get wantsIdToken(): boolean {
    return this.options.scopes.includes('openid');
  }

  nowMs(): number {
    return this.options.now?.() ?? Date.now();
  }
}

const proofs = {
  header: (value: Secret) => oauth.ClientSecretBasic(value.reveal()),
  body: (value: Secret) => oauth.ClientSecretPost(value.reveal()),
};
