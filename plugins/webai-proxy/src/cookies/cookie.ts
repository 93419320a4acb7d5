/** A cookie of a web session. */
export interface Cookie {
  /** With a dot in front where it holds for subdomains too. */
  readonly domain: string;
  readonly name: string;
  readonly value: string;
}
