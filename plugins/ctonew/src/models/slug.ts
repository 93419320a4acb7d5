/** What clients put before a model's name to have it from here. */
const PREFIX = 'ctonew-';

/** One model of the upstream under the names that clients may call it by. */
export interface NamedModel {
  readonly name: string;
  readonly upstreamId: string;
}

/**
 * A model's name in small letters with dashes, whatever the upstream's style: `ClaudeSonnet4_5` and
 * `claude-sonnet-4.5` are both `claude-sonnet-4-5`.
 */
export function slugOf(upstreamId: string): string {
  const words = /[A-Z]/u.test(upstreamId)
    ? upstreamId
        .replace(/([a-z0-9])([A-Z])/gu, '$1-$2')
        .replace(/([A-Z])([A-Z][a-z])/gu, '$1-$2')
        .replace(/([A-Za-z]{2})(\d)/gu, '$1-$2')
    : upstreamId;
  return words
    .toLowerCase()
    .replace(/[._/:\s-]+/gu, '-')
    .replace(/^-|-$/gu, '');
}

/**
 * The names of all models: each by its whole name, and the newest of a family by the family's, so
 * that `ctonew-claude-sonnet` stays right when a version comes or goes.
 */
export function namedModels(upstreamIds: readonly string[]): readonly NamedModel[] {
  const whole = new Map<string, string>();
  for (const id of upstreamIds) if (!whole.has(slugOf(id))) whole.set(slugOf(id), id);
  const names = new Map(whole);
  for (const slug of [...whole.keys()].sort(newestFirst)) {
    for (const family of familiesOf(slug)) {
      if (!names.has(family)) names.set(family, whole.get(slug) as string);
    }
  }
  return [...names].map(([slug, upstreamId]) => ({ name: PREFIX + slug, upstreamId }));
}

/** The names under which a model that is asked for may be listed, the nearest first. */
export function spellings(asked: string): readonly string[] {
  const slug = slugOf(asked.startsWith(PREFIX) ? asked.slice(PREFIX.length) : asked);
  // Vendors put a date behind a name, or say "latest".
  const undated = slug.replace(/-(?:\d{8}|\d{4}-\d{2}-\d{2}|latest)$/u, '');
  return [PREFIX + slug, PREFIX + undated];
}

/** `gpt-5-4` belongs to `gpt-5`, and to `gpt`. */
function familiesOf(slug: string): readonly string[] {
  const families: string[] = [];
  for (let name = slug; /-\d+$/u.test(name);) {
    name = name.replace(/-\d+$/u, '');
    families.push(name);
  }
  return families;
}

function newestFirst(one: string, other: string): number {
  return other.localeCompare(one, 'en', { numeric: true });
}
