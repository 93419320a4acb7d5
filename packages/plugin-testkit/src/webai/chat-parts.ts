import type { ServiceReply, Told } from './webai-kind.ts';

/** When every answer was made, in seconds since 1970. */
export const CREATED_S = 1_780_000_000;

/** The whole text of an answer. */
export function textIn(answer: Told): string {
  return 'texts' in answer ? answer.texts.join('') : '';
}

/** The texts of a stream's chunks. */
export function textsOf({ texts, growing = false }: Extract<Told, { texts: unknown }>): string[] {
  return growing ? texts.map((_, at) => texts.slice(0, at + 1).join('')) : [...texts];
}

/** FastAPI's own form of a refusal. */
export function unprocessable(field: string, msg: string): ServiceReply {
  return { status: 422, body: { detail: [{ loc: ['body', field], msg, type: 'value_error' }] } };
}
