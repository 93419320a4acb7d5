import { keptValues } from './kept-values.ts';
import type { RelayOptions, RelayStatus } from './relay-options.ts';
import { RelayPage } from './relay-page.ts';
import { statusDisplay } from './status-display.ts';
import type { Given, StatusDisplay } from './status-display.ts';

/** What the gateway's own service asks of a page that it opened. */
export interface Applet {
  readonly status: RelayStatus | undefined;
  stop(): void;
}

const GEMINI = ['https://generativelanguage.googleapis.com'];

/**
 * What runs in the page.
 *
 * @param options - as the service gives them; absent: a person pasted the text and is asked for the
 *   gateway, once.
 */
export function applet(options: RelayOptions | undefined): Applet {
  const place = globalThis as { cliproxyRelay?: Applet };
  place.cliproxyRelay?.stop();
  const kept = keptValues('pasted');
  let display: StatusDisplay | undefined;
  let page: RelayPage | undefined;

  const work = (wanted: RelayOptions): void => {
    page?.stop();
    display?.remove();
    const shown = statusDisplay(withoutQuery(wanted.url), options === undefined ? take : undefined);
    display = shown;
    page = new RelayPage(wanted, (status) => shown.show(status));
  };
  const take = (given: Given): void => {
    kept.set('gateway', JSON.stringify(given));
    work({ ...given, allowedOrigins: GEMINI });
  };

  const former = kept.get('gateway');
  if (options !== undefined) work(options);
  else if (former === undefined) display = statusDisplay(undefined, take);
  else work({ ...(JSON.parse(former) as Given), allowedOrigins: GEMINI });

  const made: Applet = {
    get status() {
      return page?.status;
    },
    stop: () => {
      page?.stop();
      display?.remove();
    },
  };
  place.cliproxyRelay = made;
  return made;
}

/** A query of version 1 holds the token. */
function withoutQuery(url: string): string {
  return url.replace(/\?.*$/, '');
}
