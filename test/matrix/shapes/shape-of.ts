/** Words that tell one type of a union from another. */
const TELLING: ReadonlySet<string> = new Set([
  'type',
  'role',
  'object',
  'status',
  'finish_reason',
  'stop_reason',
  'finishReason',
  'mode',
  'effort',
]);

/** The same text for values that a type checker can't tell apart, nearly. */
export function shapeOf(value: unknown, key = ''): string {
  if (Array.isArray(value)) {
    return `[${[...new Set(value.map((item) => shapeOf(item)))].sort().join('|')}]`;
  }
  if (typeof value !== 'object' || value === null) {
    return TELLING.has(key) ? JSON.stringify(value) : value === null ? 'null' : typeof value;
  }
  const fields = Object.entries(value as Readonly<Record<string, unknown>>);
  return `{${fields.map(([name, held]) => `${name}:${shapeOf(held, name)}`).join(',')}}`;
}
