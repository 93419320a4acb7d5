import { problems } from './checks/config-example.ts';
import { recordOf } from './subject.ts';

/** A configuration in which every secret is known. */
export interface Planted {
  readonly config: object;
  /** What was put in. */
  readonly canaries: readonly string[];
  /** Settings that sound like secrets, and are not marked `writeOnly`. */
  readonly unmarked: readonly string[];
}

const SOUNDS_SECRET =
  /(?:^|_|[a-z])(?:api_?keys?|tokens?|secrets?|passwords?|cookies?|credentials?)$/iu;

/**
 * Puts a canary into every `writeOnly` text of the top of a configuration: as it is, in a list, as a value
 * of a map. What the schema then refuses, and what the configuration has a credential in, stays.
 */
export function withCanaries(schema: object, usual: object, canary: () => string): Planted {
  const config = structuredClone(usual) as Record<string, unknown>;
  const canaries: string[] = [];
  const unmarked: string[] = [];
  for (const [name, property] of Object.entries(recordOf(recordOf(schema)['properties']))) {
    const { type, items, additionalProperties, writeOnly } = recordOf(property);
    const listed = recordOf(items);
    const mapped = recordOf(additionalProperties);
    const isText = type === 'string' || (type === 'array' && listed['type'] === 'string');
    const isMarked = writeOnly === true || listed['writeOnly'] === true;
    if (isText && !isMarked && SOUNDS_SECRET.test(name)) unmarked.push(name);
    const planted = canary();
    const former = config[name];
    if (Array.isArray(former) && former.length > 0) continue;
    if (type === 'string' && writeOnly === true) config[name] = planted;
    else if (type === 'array' && listed['writeOnly'] === true) config[name] = [planted];
    else if (type === 'object' && mapped['writeOnly'] === true)
      config[name] = { 'x-canary': planted };
    else continue;
    if (problems(schema, config).length === 0) canaries.push(planted);
    else if (former === undefined) Reflect.deleteProperty(config, name);
    else config[name] = former;
  }
  return { config, canaries, unmarked };
}
