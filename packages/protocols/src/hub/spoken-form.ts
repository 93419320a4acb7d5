import type { AnswerPipe, ClientForm, EventPipe } from '@cliproxy/kernel';
import type { JsonObject } from '../model/json-object.ts';
import type { DialectCodec, SpokenForm } from '../codec/dialect-codec.ts';
import { unsupported } from './exchange.ts';

/** Something made ready for a target, of either kind. */
interface Prepared<Head extends readonly unknown[], Pipe> {
  readonly ignored: readonly string[];
  answer(...head: Head): Pipe;
}

/**
 * How a client of a form is spoken to; undefined: as the dialect is.
 *
 * @throws GatewayError `CLIENT_UNSUPPORTED`, `CLIENT_BAD_REQUEST`
 */
export function spokenForm(
  codec: DialectCodec,
  form: ClientForm | undefined,
  body: () => JsonObject,
): SpokenForm | undefined {
  if (form === undefined) return undefined;
  const spoken = codec.forms?.[form];
  if (spoken === undefined) throw unsupported(`${codec.id} has no form ${form}.`);
  return spoken(body);
}

/** The same, answered in the form. */
export function inForm<
  Head extends readonly unknown[],
  Pipe extends AnswerPipe | EventPipe,
  T extends Prepared<Head, Pipe>,
>(form: SpokenForm | undefined, prepared: T & Prepared<Head, Pipe>): T {
  if (form === undefined) return prepared;
  const { ignored, pipe } = form;
  return {
    ...prepared,
    ignored: ignored === undefined ? prepared.ignored : [...ignored, ...prepared.ignored],
    answer: (...head: Head) => {
      const answer = prepared.answer(...head);
      return pipe === undefined ? answer : pipe(answer);
    },
  };
}
