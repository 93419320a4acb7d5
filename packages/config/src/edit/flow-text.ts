/** A JSON value on one line of YAML, as a person would write it: keys bare, texts in quotes. */
export function flowText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flowText).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const parts = Object.entries(value).map(([key, inner]) => `${keyText(key)}: ${flowText(inner)}`);
  return parts.length === 0 ? '{}' : `{ ${parts.join(', ')} }`;
}

/** Words that mean something else in YAML stay in quotes. */
function keyText(key: string): string {
  const bare = /^[A-Za-z_][\w-]*$/u.test(key) && !/^(?:true|false|null|yes|no|on|off)$/iu.test(key);
  return bare ? key : JSON.stringify(key);
}
