/** A secret, and what carries it. */
export interface Planted {
  readonly name: string;
  readonly value: string;
  /** Where it goes in, and where it travels. */
  readonly path: string;
  /** The vendor's protocol has it in an address. */
  readonly inAddress: boolean;
}

/** Halves of less would be found in what is no secret. */
const SHORTEST_HALF = 12;

/** Secrets that must show nowhere. */
export class PlantedSecrets {
  readonly #secrets = new Map<string, Planted>();

  /** @returns the value. */
  plant(
    name: string,
    value: string,
    path: string,
    { inAddress = false }: { readonly inAddress?: boolean } = {},
  ): string {
    if (value.length < 16) throw new Error(`${name} is too short to be looked for`);
    if (!this.#secrets.has(value)) this.#secrets.set(value, { name, value, path, inAddress });
    return value;
  }

  list(): readonly Planted[] {
    return [...this.#secrets.values()];
  }

  /** Names of the secrets that a text shows, whole, in half, or written differently. */
  shownIn(text: string, isAddress = false): readonly string[] {
    return this.list()
      .filter(({ inAddress }) => !(isAddress && inAddress))
      .filter(({ value }) => formsOf(value).some((form) => text.includes(form)))
      .map(({ name }) => name);
  }
}

function formsOf(value: string): readonly string[] {
  const half = Math.ceil(value.length / 2);
  const halves = half < SHORTEST_HALF ? [] : [value.slice(0, half), value.slice(half)];
  return [
    value,
    JSON.stringify(value).slice(1, -1),
    encodeURIComponent(value),
    Buffer.from(value).toString('hex'),
    ...[0, 1, 2].flatMap((before) => withinBase64(value, before)),
    ...halves,
  ];
}

/** What is seen of a text in the base64 of a longer one, by how far it stands from its beginning. */
function withinBase64(value: string, before: number): readonly string[] {
  const whole = Buffer.from('?'.repeat(before) + value);
  return (['base64', 'base64url'] as const).map((form) =>
    whole.toString(form).slice(before === 0 ? 0 : 4, -4),
  );
}
