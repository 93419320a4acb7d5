import type { ConformancePlace } from './conformance.ts';
import { recordOf } from './subject.ts';
import type { Subject } from './subject.ts';

/** Configurations that the schema gives as examples; `{}` where it asks for nothing. */
export function examplesOf({ schema }: Subject): readonly object[] {
  const { examples } = schema;
  if (Array.isArray(examples)) return examples.map((one) => recordOf(one));
  const { required } = schema;
  return Array.isArray(required) && required.length > 0 ? [] : [{}];
}

/** A configuration for a place: the author's, else an example with what belongs there put in. */
export function configFor(subject: Subject, place: ConformancePlace): object {
  if (subject.told.config !== undefined) return subject.told.config(place);
  return placed(subject, examplesOf(subject)[0] ?? {}, place);
}

/** An example with the upstream's address, and with credentials where it has a list of them. */
export function placed(subject: Subject, example: object, place: ConformancePlace): object {
  const config = withValues(example) as Record<string, unknown>;
  for (const pointer of subject.addresses) setAt(config, pointer, place.url);
  const keys = credentialSetting(subject);
  if (keys !== undefined && place.credentials.length > 0) config[keys] = [...place.credentials];
  return config;
}

/** A copy in which something stands for each variable of the environment. */
function withValues(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll(/\$\{[^}]*\}/gu, 'example-value');
  if (Array.isArray(value)) return value.map((one) => withValues(one));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, withValues(one)]));
}

/** The setting that lists credentials: the first list of strings that are `writeOnly`. */
function credentialSetting({ schema }: Subject): string | undefined {
  return Object.entries(recordOf(schema['properties'])).find(([, property]) => {
    const { type, items } = recordOf(property);
    const { type: itemType, writeOnly } = recordOf(items);
    return type === 'array' && itemType === 'string' && writeOnly === true;
  })?.[0];
}

/** Whether the schema has a list of credentials, so that several accounts can be configured. */
export function takesCredentials(subject: Subject): boolean {
  return subject.told.config !== undefined || credentialSetting(subject) !== undefined;
}

/** Sets what a pointer names, unless it stands in a part that the example leaves out. */
function setAt(config: Record<string, unknown>, pointer: string, url: string): void {
  const steps = pointer.split('/').slice(1);
  let at: unknown = config;
  for (const step of steps.slice(0, -1)) at = recordOf(at)[step];
  if (typeof at !== 'object' || at === null) return;
  const name = steps.at(-1) ?? '';
  const target = at as Record<string, unknown>;
  target[name] = Array.isArray(target[name]) ? [url] : url;
}
