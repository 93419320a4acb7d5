/** Where in a body something stands. */
export type Path = readonly (string | number)[];

/**
 * What a vendor would not take: `unknown` field, `missing` field, wrong `type`, wrong `value`, or a
 * broken `rule` that concerns several fields; a bad `key`; a model or a route that is not `found`.
 */
export type RefusalKind = 'unknown' | 'missing' | 'type' | 'value' | 'rule' | 'key' | 'found';

/** A request is refused; each vendor words it in its own way. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly kind: RefusalKind;
  readonly path: Path;
  /** The vendor's code for it, where it is not told by the kind. */
  readonly code: string | undefined;

  /** @param message - what is wrong with the value at `path`, as the end of a sentence. */
  constructor(kind: RefusalKind, path: Path, message: string, code?: string) {
    super(message);
    this.kind = kind;
    this.path = path;
    this.code = code;
  }
}

/** Refuses unless something holds; for rules between fields. */
export function demand(
  holds: boolean,
  path: Path,
  message: string,
  code?: string,
): asserts holds is true {
  if (!holds) throw new Refusal('rule', path, message, code);
}

/** `messages[0].content`, as OpenAI and Google write it. */
export function bracketed(path: Path): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    return text === '' ? step : `${text}.${step}`;
  }, '');
}
