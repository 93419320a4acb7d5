/** A page that is connected. */
export interface PageStatus {
  /** What the page calls itself; pages of version 1 are given a name. */
  readonly clientId: string;
  readonly version: 1 | 2;
  /** The browser profile that it runs in, where the gateway's own service opened it. */
  readonly profile?: string;
  readonly connectedAtMs: number;
  /** When the page itself answered last; a browser answers for a page that hangs. */
  readonly lastPongAtMs: number;
  /** Calls under way. */
  readonly calls: number;
}

/** What the service that opens pages is given of the relay. */
export interface RelayView {
  /** Where pages connect, on the gateway's port. */
  readonly path: string;
  /**
   * Makes a ticket that one page can connect with, once, within two minutes.
   *
   * @param profile - the profile that the page is to run in; no other page can connect as its.
   */
  issueTicket(profile: string): string;
  /** The page of a profile, while it is connected. */
  pageOf(profile: string): PageStatus | undefined;
  /**
   * Calls whenever a page has connected or is gone.
   *
   * @returns what ends the calls.
   */
  onChange(listener: () => void): () => void;
}
