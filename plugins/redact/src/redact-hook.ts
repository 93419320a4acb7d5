import type { Hook } from '@cliproxy/plugin-api';
import type { RedactConfig } from './config.ts';
import { DETECTORS } from './detectors.ts';
import { ownDetector } from './own-pattern.ts';
import { PlaceholderBook } from './placeholder-book.ts';
import { redactRequest, reserveAll } from './redact-request.ts';
import { Redactor } from './redactor.ts';
import { restoreEvents } from './restore-events.ts';

/** Hooks that add to a request come before: this is the last one to see what goes upstream. */
const ORDER = 1_000;

/**
 * Replaces what it finds in requests, and restores it in their answers.
 *
 * @throws GatewayError `PLUGIN_BAD_CONFIG` for a pattern that can't be used.
 */
export function redactHook({ detect, patterns, models, restore, onFailure }: RedactConfig): Hook {
  const detectors = [...detect.map((name) => DETECTORS[name]), ...patterns.map(ownDetector)];
  return {
    id: 'redact',
    needs: restore ? ['body', 'events'] : ['body'],
    onFailure,
    order: ORDER,
    match: models,
    onRequest({ state }, { request, embed }) {
      const book = new PlaceholderBook();
      const redactor = new Redactor(detectors, book);
      state.book = book;
      if (embed !== undefined) {
        return { embed: { ...embed, inputs: embed.inputs.map((text) => redactor.text(text)) } };
      }
      if (request === undefined) return undefined;
      state.inJson = request.output !== undefined;
      // Where nothing is restored, placeholders in a conversation are ours, from earlier answers.
      if (restore) reserveAll(request, book);
      return { request: redactRequest(request, redactor) };
    },
    ...(restore && {
      onEvents({ state: { book, inJson } }) {
        if (!(book instanceof PlaceholderBook) || book.isEmpty) return undefined;
        return restoreEvents(book, inJson === true);
      },
    }),
  };
}
