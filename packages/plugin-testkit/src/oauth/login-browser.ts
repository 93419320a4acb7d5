/** Follows redirects and keeps cookies, as far as a login needs it. */
export class LoginBrowser {
  readonly #cookies = new Map<string, string>();

  /** Goes to a page, and on until there is no redirect; stops before a page that begins so. */
  async visit(
    url: string,
    options: { readonly form?: Readonly<Record<string, string>>; readonly until?: string } = {},
  ): Promise<{ readonly url: string; readonly status: number; readonly text: string }> {
    let address = url;
    let form = options.form;
    for (;;) {
      if (options.until !== undefined && address.startsWith(options.until)) {
        return { url: address, status: 0, text: '' };
      }
      // eslint-disable-next-line no-restricted-globals -- this is a person, not upstream traffic
      const reply = await fetch(address, {
        redirect: 'manual',
        headers: { cookie: [...this.#cookies].map((pair) => pair.join('=')).join('; ') },
        ...(form === undefined ? {} : { method: 'POST', body: new URLSearchParams(form) }),
      });
      this.#keep(reply.headers.getSetCookie());
      const text = await reply.text();
      const location = reply.headers.get('location');
      if (location === null) return { url: address, status: reply.status, text };
      address = new URL(location, address).href;
      form = undefined;
    }
  }

  #keep(cookies: readonly string[]): void {
    for (const cookie of cookies) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      if (value === '') this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
  }
}
