import type { LoginPage } from './logins.ts';

/** What a page tells at a glance. */
type Tone = 'done' | 'waiting' | 'refused';

const MARKS: Readonly<Record<Tone, string>> = {
  done: 'M7 12.5l3.3 3.3L17 9',
  waiting: 'M12 6.5V12l3.5 2.5',
  refused: 'M12 6.5v7M12 17v.1',
};

const STYLE = [
  ':root{color-scheme:light dark;--page:#f3f4f6;--card:#fff;--ink:#16181d;--soft:#565d6b;--line:#e2e5ea}',
  '@media(prefers-color-scheme:dark){:root{--page:#111318;--card:#1b1e25;--ink:#eceef2;--soft:#a3abb9;--line:#2d323c}}',
  'body{margin:0;min-height:100vh;display:grid;place-items:center;background:var(--page);color:var(--ink);font:1rem/1.6 system-ui,sans-serif}',
  'main{box-sizing:border-box;width:min(32rem,100% - 2rem);padding:2.5rem;background:var(--card);border:1px solid var(--line);border-radius:1rem;overflow-wrap:anywhere}',
  'svg{width:2.75rem;fill:none;stroke:#fff;stroke-width:2;stroke-linecap:round;stroke-linejoin:round}',
  'circle{stroke:none}.done circle{fill:#17804d}.waiting circle{fill:#3566c4}.refused circle{fill:#b4472a}',
  'h1{margin:1rem 0 .5rem;font-size:1.5rem;line-height:1.25}p{margin:0}',
  '.next{margin-top:1.5rem;padding-top:1.25rem;border-top:1px solid var(--line);color:var(--soft)}',
].join('');

interface Words {
  readonly title: string;
  readonly text: string;
  /** What the person does now. */
  readonly next: string;
}

/** For the browser that comes back from the vendor with a login that was kept. */
export function donePage(label: string): LoginPage {
  return loginPage(200, 'done', {
    title: 'Logged in',
    text: `${label} was logged in.`,
    next: 'You can close this page and go back to where you began.',
  });
}

const AGAIN = 'Start the login again where you began it.';

/** For one whose login came to nothing. @param reason - a sentence, or its beginning in small letters. */
export function failedPage(reason: string): LoginPage {
  const text = `${reason.charAt(0).toUpperCase()}${reason.slice(1)}${/[.!?]$/.test(reason) ? '' : '.'}`;
  const next = `${AGAIN} What is wrong stands there, too.`;
  return loginPage(400, 'refused', { title: 'Not logged in', text, next });
}

/** The pages of redirects that are not taken, and of one whose end takes long. */
export const loginPages = Object.freeze({
  foreign: loginPage(400, 'refused', {
    title: 'Not a login of this gateway',
    text: 'The address belongs to no login that is under way: its state is missing or another one.',
    next: `${AGAIN} If you did not begin one, close this page: somebody may want you to log in for them.`,
  }),
  replayed: loginPage(409, 'refused', {
    title: 'This login was answered already',
    text: 'Each address that a login ends at is taken once.',
    next: `You can close this page. If nobody was logged in: ${AGAIN.toLowerCase()}`,
  }),
  ended: loginPage(410, 'refused', {
    title: 'This login has ended',
    text: 'It took too long, or was cancelled. Nobody was logged in by this page.',
    next: AGAIN,
  }),
  path: loginPage(404, 'refused', {
    title: 'Nothing here',
    text: 'This address only takes the end of a login.',
    next: 'You can close this page.',
  }),
  method: loginPage(405, 'refused', {
    title: 'Nothing here',
    text: 'The end of a login comes by GET.',
    next: 'You can close this page.',
  }),
  slow: loginPage(202, 'waiting', {
    title: 'Almost done',
    text: 'The login is being finished.',
    next: 'You can close this page: how it ends is told where you began it.',
  }),
});

/**
 * A page for the browser that comes back from a vendor. Without script, without anything of the
 * query, and so that the address it stands at, code included, goes nowhere from here.
 */
function loginPage(status: number, tone: Tone, { title, text, next }: Words): LoginPage {
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
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)} – cliproxy</title>
<style>${STYLE}</style></head>
<body><main class="${tone}">
<svg viewBox="0 0 24 24" aria-hidden="true"><circle cx="12" cy="12" r="11"/><path d="${MARKS[tone]}"/></svg>
<h1>${escaped(title)}</h1>
<p>${escaped(text)}</p>
<p class="next">${escaped(next)}</p>
</main></body></html>
`,
  };
}

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
