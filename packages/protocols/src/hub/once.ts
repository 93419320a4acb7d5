import { isGatewayError } from '@cliproxy/plugin-api';

/** Remembers what a function gave, or the error of ours that it threw. */
export function once<T>(make: () => T): () => T {
  let kept: { readonly value: T } | { readonly error: unknown } | undefined;
  return () => {
    if (kept === undefined) {
      try {
        kept = { value: make() };
      } catch (error) {
        if (isGatewayError(error)) kept = { error };
        throw error;
      }
    }
    if ('error' in kept) throw kept.error;
    return kept.value;
  };
}
