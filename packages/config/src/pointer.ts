/** Puts path segments into a JSON pointer (RFC 6901). */
export function toPointer(segments: readonly (string | number)[]): string {
  return segments.map((segment) => `/${escapeSegment(String(segment))}`).join('');
}

/** Takes a JSON pointer apart. */
export function fromPointer(pointer: string): string[] {
  return pointer === '' ? [] : pointer.slice(1).split('/').map(unescapeSegment);
}

/** One segment, as it stands in a pointer. */
export function escapeSegment(segment: string): string {
  return segment.replaceAll('~', '~0').replaceAll('/', '~1');
}

/** A pointer as people write it: `routes[0].match`. */
export function pathName(pointer: string): string {
  const segments = fromPointer(pointer);
  if (segments.length === 0) return 'the configuration';
  return segments.map(segmentName).join('').replace(/^\./, '');
}

/** Text from outside as it may stand in a message: quoted, no control characters, not too long. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}…` : text);
}

const MAX_QUOTED = 80;

function segmentName(segment: string): string {
  if (/^\d+$/.test(segment)) return `[${segment}]`;
  return /^[A-Za-z_][\w-]{0,79}$/.test(segment) ? `.${segment}` : `[${quoted(segment)}]`;
}

function unescapeSegment(segment: string): string {
  return segment.replaceAll('~1', '/').replaceAll('~0', '~');
}
