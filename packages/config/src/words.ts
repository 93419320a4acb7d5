import type { EnvOverrides } from './env-overrides.ts';
import type { Expanded } from './expand-env.ts';
import { pathName, quoted } from './pointer.ts';

/** How messages speak of the values of a configuration, some of which come from the environment. */
export interface Words {
  /** Whether the text at a pointer stands in the file as it is. Values of the environment are never shown. */
  readonly mayShow: (pointer: string) => boolean;
  /** The text, if it may be shown. */
  readonly shown: (pointer: string, text: string) => string;
  /** What to call the value at a pointer: its path, or the variable that it comes from. */
  readonly nameOf: (pointer: string) => string;
}

/** Words for a document with references and overrides. */
export function wordsFor(expanded: Expanded, overrides: EnvOverrides): Words {
  const mayShow = (pointer: string): boolean =>
    !expanded.fromEnv.has(pointer) && !overrides.values.has(pointer);
  return {
    mayShow,
    shown: (pointer, text) => (mayShow(pointer) ? quoted(text) : 'a value of the environment'),
    nameOf: (pointer) => {
      const variable = overrides.values.get(pointer)?.variable;
      const path = pathName(pointer);
      return variable === undefined ? path : `The environment variable ${variable} (${path})`;
    },
  };
}
