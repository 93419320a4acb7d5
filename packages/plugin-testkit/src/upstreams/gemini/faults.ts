import { bracketed } from '../refusal.ts';
import type { Path, Refusal } from '../refusal.ts';
import type { VendorFault } from '../vendor-answer.ts';

const STATUS: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  429: 'RESOURCE_EXHAUSTED',
  499: 'CANCELLED',
  500: 'INTERNAL',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
};
const RPC = 'type.googleapis.com/google.rpc';

/** An error as it stands in an answer, and in a stream. */
export function errorOf({ status, message = `status ${status}`, code, retryAfter }: VendorFault) {
  const details = [
    ...(code === undefined
      ? []
      : [{ '@type': `${RPC}.ErrorInfo`, reason: code, domain: 'googleapis.com' }]),
    ...(retryAfter === undefined
      ? []
      : [{ '@type': `${RPC}.RetryInfo`, retryDelay: `${retryAfter}s` }]),
  ];
  return {
    error: {
      code: status,
      message,
      status: STATUS[status] ?? 'UNKNOWN',
      ...(details.length > 0 && { details }),
    },
  };
}

/** How the API says what it refuses. */
export function refusalFault({ kind, path, message }: Refusal): VendorFault {
  const place = snake(path);
  switch (kind) {
    case 'key':
      // A bad key is a bad argument here, told by the reason alone.
      return { status: 400, message: 'API key not valid.', code: 'API_KEY_INVALID' };
    case 'found':
      return { status: 404, message };
    case 'unknown': {
      const parent = snake(path.slice(0, -1));
      const at = parent === '' ? '' : ` at '${parent}'`;
      const name = String(path.at(-1));
      const unknown = `Invalid JSON payload received. Unknown name "${name}"${at}: Cannot find field.`;
      return { status: 400, message: unknown };
    }
    case 'missing':
      return { status: 400, message: `* GenerateContentRequest.${place}: ${message}` };
    case 'type':
    case 'value':
      return { status: 400, message: `Invalid value at '${place}': ${message}` };
    case 'rule':
      return { status: 400, message: place === '' ? message : `${place}: ${message}` };
  }
}

/** Errors name fields as the service defines them. */
function snake(path: Path): string {
  return bracketed(path).replaceAll(/[A-Z]/gu, (letter) => `_${letter.toLowerCase()}`);
}
