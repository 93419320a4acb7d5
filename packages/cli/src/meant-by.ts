/** The ids that a person may mean: the very one, or else those whose first words it is. */
export function meantBy(name: string, known: readonly string[]): readonly string[] {
  return known.includes(name) ? [name] : known.filter((id) => id.startsWith(`${name}-`));
}
