/** A page that the service keeps open. */
export interface PageSpec {
  /** Name of the browser profile that it runs in; one page each. */
  readonly profile: string;
  readonly url: string;
  /** The address of the frame that asks the vendor; `*` stands for any characters. Absent: the page. */
  readonly frame?: string;
}

/** How a session at the vendor is begun and recognised. */
export interface SignInSpec {
  /** Where a person signs in. */
  readonly url: string;
  /** All that is given must hold. */
  readonly done: {
    /** The address that the browser ends at; `*` stands for any characters. */
    readonly url?: string;
    /** A cookie that is there. */
    readonly cookie?: string;
    /** An element that the page has, as a CSS selector. */
    readonly selector?: string;
  };
}

/** What the service works with. */
export interface ServiceSettings {
  readonly executablePath: string;
  readonly headless: boolean;
  readonly pages: readonly PageSpec[];
  readonly signIn: SignInSpec;
  readonly allowedOrigins: readonly string[];
}

/** What the plugin says to the service. `id` is answered by `done` or `failed`. */
export type ToService =
  | { readonly type: 'configure'; readonly settings: ServiceSettings }
  | {
      readonly type: 'ticket';
      readonly profile: string;
      /** Where the page connects. */
      readonly url: string;
      readonly ticket: string;
    }
  | { readonly type: 'login'; readonly id: number; readonly profile: string }
  | { readonly type: 'cancel'; readonly id: number }
  | { readonly type: 'clear'; readonly id: number; readonly profile: string };

/**
 * Where a profile's page is. `retrying`: something went wrong, and it is opened again soon.
 * `signed-out`: a person has to sign in.
 */
export type ProfileState = 'opening' | 'open' | 'retrying' | 'signed-out' | 'signing-in';

/** How a profile does. */
export interface ProfileStatus {
  readonly state: ProfileState;
  /** In milliseconds since 1970. */
  readonly sinceMs: number;
  /** One sentence for the operator. */
  readonly detail: string;
  /** When the session ends, in milliseconds since 1970, where the vendor says so. */
  readonly sessionEndsMs?: number;
  /** How often the page had to be opened again. */
  readonly restarts: number;
  readonly browserPid?: number;
}

/** What the service says to the plugin. */
export type FromService =
  | { readonly type: 'ready' }
  /** The page of this profile is about to connect. */
  | { readonly type: 'ticket-wanted'; readonly profile: string }
  | { readonly type: 'profile'; readonly profile: string; readonly status: ProfileStatus }
  | { readonly type: 'progress'; readonly id: number; readonly text: string }
  | { readonly type: 'done'; readonly id: number; readonly sessionEndsMs?: number }
  | { readonly type: 'failed'; readonly id: number; readonly message: string }
  | {
      readonly type: 'log';
      readonly level: 'debug' | 'info' | 'warn' | 'error';
      readonly message: string;
    };
