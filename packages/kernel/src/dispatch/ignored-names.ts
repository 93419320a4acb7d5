const MAX_NAMES = 64;
const MAX_NAME_CHARS = 128;
/** Of all names together, as one header. */
const MAX_CHARS = 2_048;
const MORE = '...';
const SEPARATOR = ', ';

/**
 * Parameters that an answer does not honour, fit to be shown. Clients made their names up, so they
 * may hold anything: what is no visible ASCII character is percent-encoded, as are `,` and `%`, so
 * that names in a list can be told apart. Long names and long lists end in `...`; joined by `, `
 * they take 2 KiB at most.
 */
export function ignoredNames(names: readonly string[]): readonly string[] {
  if (names.length === 0) return names;
  const shown: string[] = [];
  let chars = 0;
  for (const name of names) {
    const clean = cleanName(name);
    chars += clean.length + SEPARATOR.length;
    if (shown.length === MAX_NAMES || chars + MORE.length > MAX_CHARS) {
      shown.push(MORE);
      break;
    }
    shown.push(clean);
  }
  return shown;
}

/** The same as the value of a header. */
export function ignoredHeader(names: readonly string[]): string {
  return ignoredNames(names).join(SEPARATOR);
}

function cleanName(name: string): string {
  let clean = '';
  // No more is looked at than can be shown.
  for (const char of name.slice(0, MAX_NAME_CHARS + 1)) {
    const piece = /[\x21-\x7e]/.test(char) && !/[,%]/.test(char) ? char : encoded(char);
    if (clean.length + piece.length > MAX_NAME_CHARS) return clean + MORE;
    clean += piece;
  }
  return clean;
}

function encoded(char: string): string {
  // Half of a surrogate pair has no bytes in UTF-8.
  return encodeURIComponent(/\p{Surrogate}/u.test(char) ? '\ufffd' : char);
}
