import type { LoginPage } from './logins.ts';

/**
 * A page for the browser that comes back from a vendor. Without script, without anything of the
 * query, and so that the address it stands at, code included, goes nowhere from here.
 */
export function loginPage(status: number, title: string, text: string): LoginPage {
  return {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
    },
    body: `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escaped(title)}</title>
<style>body{font:1.1rem/1.5 system-ui,sans-serif;margin:20vh auto;max-width:36rem;padding:0 1rem}</style>
</head><body><h1>${escaped(title)}</h1><p>${escaped(text)}</p></body></html>
`,
  };
}

const AGAIN = 'Start the login again where you began it.';

/** The pages of redirects that are not taken, and why. */
export const refusedPages = Object.freeze({
  foreign: loginPage(
    400,
    'Not a login of this gateway',
    `The address belongs to no login that is under way: its state is missing or another one. ${AGAIN}`,
  ),
  replayed: loginPage(
    409,
    'This login was answered already',
    'Each address that a login ends at is taken once. You can close this page.',
  ),
  ended: loginPage(410, 'This login has ended', `It took too long or was cancelled. ${AGAIN}`),
  path: loginPage(404, 'Nothing here', 'This address only takes the end of a login.'),
  method: loginPage(405, 'Nothing here', 'The end of a login comes by GET.'),
  slow: loginPage(
    202,
    'Almost done',
    'The login is being finished. You can close this page and go back to where you began it.',
  ),
});

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
