import type { Problem } from '../ports/problem.ts';
import type { SchemaChecker } from '../ports/schema-checker.ts';

/** What every need says of itself. */
interface NeedBase {
  /** What it is called in sentences, for example `Chromium`. */
  readonly title: string;
  /** What the plugin can't do without it, for example `open pages by itself`. */
  readonly for?: string;
  /** True: most people do without; its absence is no finding. */
  readonly optional: boolean;
}

/** A program of the machine. Any of several will do. */
export interface CommandNeed extends NeedBase {
  readonly kind: 'command';
  /** Looked for on `PATH`, in order. */
  readonly commands: readonly string[];
  /** JSON pointer into the instance's `config`: a setting that names the program's file itself. */
  readonly setting?: string;
  /** An environment variable that names it; the setting comes first. */
  readonly env?: string;
  /** Debian packages that bring it. */
  readonly apt: readonly string[];
}

/** Python packages, in an environment of their own in the data folder, `python/<instance>`. */
export interface PipNeed extends NeedBase {
  readonly kind: 'pip';
  /** Each with its exact version, for example `g4f==0.5.2`. */
  readonly packages: readonly string[];
}

/** What a plugin needs that npm does not bring. `cliproxy install` looks for it and gets it. */
export type PluginNeed = CommandNeed | PipNeed;

const text = { type: 'string', minLength: 1, maxLength: 200 };

const common = { title: text, for: text, optional: { type: 'boolean', default: false } };

/** Neither a path nor an option. */
const commandName = { type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9._+-]*$' };

const commandNeed = {
  type: 'object',
  required: ['kind', 'title', 'commands'],
  additionalProperties: false,
  properties: {
    kind: { const: 'command' },
    ...common,
    commands: { type: 'array', minItems: 1, uniqueItems: true, items: commandName },
    setting: { type: 'string', pattern: '^(/[^/]+)+$' },
    env: { type: 'string', pattern: '^[A-Za-z_][A-Za-z0-9_]*$' },
    // As Debian's policy has it (5.6.1).
    apt: {
      type: 'array',
      uniqueItems: true,
      default: [],
      items: { type: 'string', pattern: '^[a-z0-9][a-z0-9+.-]+$' },
    },
  },
};

const pipNeed = {
  type: 'object',
  required: ['kind', 'title', 'packages'],
  additionalProperties: false,
  properties: {
    kind: { const: 'pip' },
    ...common,
    packages: {
      type: 'array',
      minItems: 1,
      uniqueItems: true,
      items: {
        type: 'string',
        // A version that is not exact would bring another one each time.
        pattern:
          '^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?(\\[[A-Za-z0-9,._-]+\\])?==[0-9][A-Za-z0-9.!+]*$',
      },
    },
  },
};

/** JSON Schema of the manifest's `needs`, as far as all kinds are alike. */
export const needsSchema = Object.freeze({
  type: 'array',
  default: [],
  items: {
    type: 'object',
    required: ['kind'],
    properties: { kind: { enum: ['command', 'pip'] } },
  },
});

const schemas: Readonly<Record<PluginNeed['kind'], object>> = {
  command: commandNeed,
  pip: pipNeed,
};

/** Checks each need by the schema of its kind alone, so that a fault is told once. */
export function checkNeeds(
  needs: readonly { readonly kind: PluginNeed['kind'] }[],
  pointer: string,
  checker: SchemaChecker,
): { readonly needs: readonly PluginNeed[]; readonly problems: readonly Problem[] } {
  const checked = needs.map((need, index) =>
    checker.check(schemas[need.kind], need, `${pointer}/${index}`),
  );
  return {
    needs: checked.map(({ value }) => value as PluginNeed),
    problems: checked.flatMap(({ problems }) => problems),
  };
}
