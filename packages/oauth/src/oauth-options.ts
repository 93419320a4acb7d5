import type { AuthContext, Json, LoginSession, Secret } from '@cliproxy/plugin-api';

/** Where a vendor's authorization server is. */
export interface OAuthServer {
  /** Its issuer identifier: an absolute `https:` URL. A foreign `iss` in a callback is refused. */
  readonly issuer: string;
  /** Its addresses, where it publishes none. Absent: they are read from its discovery document. */
  readonly endpoints?: OAuthEndpoints;
  /** Which discovery document: OpenID Connect's, or that of RFC 8414. Default `oidc`. */
  readonly discovery?: 'oidc' | 'oauth2';
}

/** The addresses of an authorization server that publishes none. */
export interface OAuthEndpoints {
  readonly token: string;
  /** Needed for the flow `redirect`. */
  readonly authorize?: string;
  /** Needed for the flow `device`. */
  readonly device?: string;
  /** Where tokens are revoked; absent: logging out only forgets them. */
  readonly revoke?: string;
  /** Where the keys are that id tokens are signed with; absent: their signature isn't checked. */
  readonly keys?: string;
  /** A callback without `iss` is refused. Default false. */
  readonly sendsIss?: boolean;
}

/** How the person's browser comes back. */
export type OAuthRedirect =
  /** To a one-shot listener on loopback. */
  | {
      readonly path: string;
      /** The one port that the vendor has registered; absent: any. */
      readonly port?: number;
      /** What the vendor has registered. Default: the address as the gateway gives it. */
      readonly host?: 'localhost' | '127.0.0.1';
    }
  /** To a page of the vendor that shows a code to paste. */
  | { readonly uri: string };

export type OAuthFlow = 'redirect' | 'device';

/** Names and values of a request. */
export type OAuthParameters = Readonly<Record<string, string>>;

/** What an account is made from: all that a login has brought. */
export interface OAuthGrant extends AuthContext {
  readonly accessToken: Secret;
  /** The id token's claims, checked; only where the scope `openid` was asked for. */
  readonly claims?: Readonly<Record<string, Json>>;
  /** What else stood in the token endpoint's answer; never a token. */
  readonly answer: Readonly<Record<string, Json>>;
}

/** An account as a login found it. */
export interface OAuthAccount {
  /** Unique within the instance; letters, digits, `.`, `_` and `-`, 64 at most. */
  readonly key: string;
  /** What a person recognises it by; mask what is private. */
  readonly label: string;
  /** Shown to operators and executors. */
  readonly facts?: Readonly<Record<string, string>>;
}

/** What {@link oauthLogin} needs to know of a vendor. */
export interface OAuthOptions {
  readonly server: OAuthServer;
  readonly clientId: string;
  /** Only where the vendor gave one; a program on a person's machine has none. */
  readonly clientSecret?: Secret;
  /** Default `header` (HTTP Basic). */
  readonly clientSecretIn?: 'header' | 'body';
  /**
   * The callback's `client_id` takes the place of `clientId` for all that follows, and is kept as
   * the fact `clientId`; the next login of the account begins with it.
   */
  readonly issuesClientId?: boolean;
  /** With `openid`, an id token is asked for, checked, and needed. */
  readonly scopes: readonly string[];
  /** What is offered; the first is used unless the login's input `flow` names another. Default `redirect`. */
  readonly flows?: readonly OAuthFlow[];
  /** Default: path `/callback` at any port. */
  readonly redirect?: OAuthRedirect;
  /** More parameters of the authorize address; they can't replace those of the protocol. */
  readonly authorizeParameters?: OAuthParameters | ((session: LoginSession) => OAuthParameters);
  /** More parameters of every token request. */
  readonly tokenParameters?: OAuthParameters;
  /** More headers of every token request, by lower-case name. */
  readonly tokenHeaders?: OAuthParameters;
  /** How token requests are written. Default `form`, as the standard has it. */
  readonly tokenFormat?: 'form' | 'json';
  /** Repeats `state` when the code is redeemed, for vendors that want it. Default false. */
  readonly stateInTokenRequest?: boolean;
  /** The vendor's own error codes that end a login for good, besides `invalid_grant`. */
  readonly endingCodes?: readonly string[];
  /**
   * Tells whose login it is; may ask the vendor, by `grant.http`. Default: from the id token, the
   * key from `sub`, the label from the masked `email`.
   */
  account?(grant: OAuthGrant): OAuthAccount | Promise<OAuthAccount>;
  /** Milliseconds since 1970. Default the system's clock. */
  now?(): number;
  /** For tests alone: also speaks `http:`, and to this machine only. */
  readonly insecureLoopback?: boolean;
}
