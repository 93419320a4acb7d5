/** An object of a plugin, before it is known to be anything. */
export type Fields = Readonly<Record<string, unknown>>;

/** Looks at what a plugin gave, and collects what is wrong with it. */
export class ContributionCheck {
  readonly faults: string[] = [];

  fault(sentence: string): void {
    this.faults.push(sentence);
  }

  object(value: unknown, part: string): Fields | undefined {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return value as Fields;
    }
    this.fault(`${part} is not an object`);
    return undefined;
  }

  list(value: unknown, part: string): readonly unknown[] {
    if (value === undefined) return [];
    if (Array.isArray(value)) return value as unknown[];
    this.fault(`${part} is not an array`);
    return [];
  }

  method(of: Fields, name: string, part: string, needed: boolean): void {
    if (of[name] === undefined && !needed) return;
    if (typeof of[name] !== 'function') this.fault(`${part}.${name} is not a function`);
  }

  oneOf(of: Fields, name: string, allowed: readonly string[], part: string): void {
    const value = of[name];
    if (typeof value === 'string' && allowed.includes(value)) return;
    this.fault(`${part}.${name} must be one of ${allowed.join(', ')}`);
  }

  allOf(values: readonly unknown[], allowed: readonly string[], part: string): void {
    for (const value of values) {
      if (typeof value === 'string' && allowed.includes(value)) continue;
      this.fault(`${part} names ${JSON.stringify(value)}; known: ${allowed.join(', ')}`);
    }
  }

  positive(of: Fields, name: string, part: string): void {
    const value = of[name];
    if (typeof value === 'number' && Number.isFinite(value) && value > 0) return;
    this.fault(`${part}.${name} must be a number above 0`);
  }

  /**
   * Reads a list of things that have a name, and compares the names with the manifest's.
   *
   * @returns the names.
   */
  named(
    value: unknown,
    part: string,
    key: string,
    declared: readonly string[],
    each: (one: Fields, part: string) => void,
  ): readonly string[] {
    const names: string[] = [];
    this.list(value, part).forEach((item, index) => {
      const one = this.object(item, `${part}[${index}]`);
      if (one === undefined) return;
      const name = one[key];
      if (typeof name !== 'string') {
        this.fault(`${part}[${index}] has no \`${key}\``);
        return;
      }
      if (names.includes(name)) this.fault(`${part} has "${name}" twice`);
      names.push(name);
      each(one, `${part}["${name}"]`);
    });
    for (const name of names.filter((one) => !declared.includes(one))) {
      this.fault(`${part} has "${name}", which provides.${part} in the manifest does not name`);
    }
    return names;
  }

  /** The manifest may promise nothing besides these. */
  complete(names: readonly string[], part: string, declared: readonly string[]): void {
    for (const name of declared.filter((one) => !names.includes(one))) {
      this.fault(`${part} lacks "${name}", which provides.${part} in the manifest names`);
    }
  }
}
