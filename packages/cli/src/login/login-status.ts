import type { AccountView, LoginView } from '@cliproxy/gateway';

/** What `/v1/auth/{instance}/…` answers about a login to somebody with an admin key. */
export interface LoginStatus {
  readonly instance: string;
  readonly state: string;
  readonly accounts: readonly AccountView[];
  readonly login: LoginView;
}

/** The path of an instance's logins. */
export function authPath(name: string): string {
  return `/v1/auth/${encodeURIComponent(name)}`;
}
