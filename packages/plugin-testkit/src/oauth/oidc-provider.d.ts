/** The little of oidc-provider that the tests use; it brings no types. */
declare module 'oidc-provider' {
  import type { RequestListener } from 'node:http';

  interface Grant {
    addOIDCScope(scope: string): void;
    addResourceScope(resource: string, scope: string): void;
    save(): Promise<string>;
  }

  interface Interaction {
    readonly prompt: {
      readonly name: string;
      readonly details: {
        readonly missingOIDCScope?: readonly string[];
        readonly missingResourceScopes?: Readonly<Record<string, readonly string[]>>;
      };
    };
    readonly grantId?: string;
    readonly session?: { readonly accountId: string };
    readonly params: { readonly client_id: string };
  }

  interface Context {
    readonly path: string;
    readonly req: unknown;
    readonly res: unknown;
    respond: boolean;
    readonly response: { get(name: string): string; set(name: string, value: string): void };
    readonly oidc: { readonly params?: { readonly grant_type?: string } };
  }

  interface Refusal {
    readonly message: string;
    readonly error_detail?: string;
  }

  interface SavedToken {
    readonly accountId?: string;
    readonly jti?: string;
  }

  export const errors: { readonly InvalidTarget: new () => Error };

  export class Provider {
    constructor(issuer: string, configuration: object);
    readonly Grant: {
      new (of: { readonly accountId: string; readonly clientId: string }): Grant;
      find(id: string): Promise<Grant>;
    };
    use(middleware: (context: Context, next: () => Promise<void>) => Promise<void>): void;
    on(event: 'grant.error', listener: (context: Context, error?: Refusal) => void): void;
    on(event: 'refresh_token.saved', listener: (token: SavedToken) => void): void;
    on(event: 'grant.success' | 'grant.revoked', listener: (context: Context) => void): void;
    callback(): RequestListener;
    interactionDetails(request: unknown, response: unknown): Promise<Interaction>;
    interactionFinished(
      request: unknown,
      response: unknown,
      result: object,
      options: { readonly mergeWithLastSubmission: boolean },
    ): Promise<void>;
  }
}
