/** A redirect's query: each name once, the first counts. */
export type CallbackQuery = Readonly<Record<string, string>>;

/**
 * Reads what a person pasted in the place of a redirect: the whole address, its query, `code#state`
 * as some vendors' pages show it, or the code alone.
 *
 * @param state - of the login that waits; a code alone is taken as its own.
 * @returns undefined for what can be none of these.
 */
export function readPaste(text: string, state: string): CallbackQuery | undefined {
  const pasted = text.trim();
  if (pasted === '' || /\s/.test(pasted)) return undefined;
  if (/^https?:\/\//i.test(pasted)) {
    if (!URL.canParse(pasted)) return undefined;
    const { searchParams, hash } = new URL(pasted);
    return queryOf(searchParams.size > 0 ? searchParams : new URLSearchParams(hash.slice(1)));
  }
  if (/(^|[?&])(code|error)=/.test(pasted)) {
    return queryOf(new URLSearchParams(pasted.slice(pasted.indexOf('?') + 1)));
  }
  const [code = '', ofState = state] = pasted.split('#');
  return code === '' ? undefined : { code, state: ofState };
}

/** The first value of each name. */
export function queryOf(parameters: URLSearchParams): CallbackQuery {
  const query: Record<string, string> = {};
  for (const [name, value] of parameters) if (!Object.hasOwn(query, name)) query[name] = value;
  return query;
}
