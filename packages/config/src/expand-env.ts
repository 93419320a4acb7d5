import { toPointer } from './pointer.ts';

/** The environment, as `process.env` gives it. */
export type Env = Readonly<Record<string, string | undefined>>;

/** What is wrong with a reference. */
interface ReferenceProblem {
  readonly pointer: string;
  /** The variable that isn't set; absent: the reference is malformed. */
  readonly unset?: string;
}

/** A document with its references to the environment replaced. */
export interface Expanded {
  readonly value: unknown;
  readonly problems: readonly ReferenceProblem[];
  /** Pointers of texts that hold a value of the environment. */
  readonly fromEnv: ReadonlySet<string>;
  /** True: the values together are larger than a configuration may be. */
  readonly isTooLarge: boolean;
}

/**
 * Replaces `${NAME}` and `${NAME:-default}` in every text of a document; `$${` stands for `${`.
 * As in a shell the default also replaces an empty value. Values are not expanded again. Text with
 * a problem stays as it is.
 */
export function expandEnv(document: unknown, env: Env, maxChars: number): Expanded {
  const problems: ReferenceProblem[] = [];
  const fromEnv = new Set<string>();
  let charsLeft = maxChars;
  const expandText = (text: string, segments: readonly (string | number)[]): string => {
    if (!text.includes('${') || charsLeft < 0) return text;
    const pointer = toPointer(segments);
    const before = problems.length;
    const expanded = text.replace(REFERENCE, (whole, name?: string, fallback?: string) => {
      if (whole === '$${') return '${';
      if (name === undefined) {
        if (problems.length === before) problems.push({ pointer });
        return whole;
      }
      const value = Object.hasOwn(env, name) ? env[name] : undefined;
      const chosen = fallback !== undefined && value === '' ? fallback : (value ?? fallback);
      if (chosen === undefined) {
        problems.push({ pointer, unset: name });
        return whole;
      }
      fromEnv.add(pointer);
      charsLeft -= chosen.length;
      return charsLeft < 0 ? '' : chosen;
    });
    return problems.length > before ? text : expanded;
  };
  const visit = (value: unknown, segments: readonly (string | number)[]): unknown => {
    if (typeof value === 'string') return expandText(value, segments);
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map((item, index) => visit(item, [...segments, index]));
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [key, visit(inner, [...segments, key])]),
    );
  };
  const value = visit(document, []);
  return { value, problems, fromEnv, isTooLarge: charsLeft < 0 };
}

/** An escape, a whole reference, or the beginning of something that isn't one. */
const REFERENCE = /\$\$\{|\$\{([A-Za-z_]\w*)(?::-([^{}]*))?\}|\$\{/g;
