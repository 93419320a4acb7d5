import { isGatewayError } from '@cliproxy/plugin-api';

const languageErrors: readonly unknown[] = [
  'EvalError',
  'RangeError',
  'ReferenceError',
  'SyntaxError',
  'TypeError',
  'URIError',
];

/**
 * Whether what a plugin threw beside requests, where a throw may tell that the upstream is down, is
 * its own fault: an error of the language, or one that says so.
 */
export function isOwnFault(thrown: unknown): boolean {
  try {
    if (isGatewayError(thrown)) return thrown.code === 'PLUGIN_FAULT';
    if (typeof thrown !== 'object' || thrown === null) return true;
    const { name, cause } = thrown as { readonly name?: unknown; readonly cause?: unknown };
    // `fetch failed` is a TypeError, too; its cause is the network's.
    return languageErrors.includes(name) && cause === undefined;
  } catch {
    return true;
  }
}
