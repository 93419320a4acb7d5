import path from 'node:path';
import type { ChildSpec, Secret } from '@cliproxy/plugin-api';
import type { SchemaChecker } from '../ports/schema-checker.ts';
import type { LifePauses } from './child-life.ts';
import { childEnvironment, nameFault } from './child-environment.ts';

/** A checked spec with its defaults. Two equal plans make the same process. */
export interface ChildPlan {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  /** Absent: the child's own folder. */
  readonly cwd?: string;
  /** The whole environment, but for the mark. */
  readonly environment: Readonly<Record<string, string>>;
  readonly readyUrl?: string;
  readonly readyTimeoutMs: number;
  readonly aliveTimeoutMs?: number;
  readonly channel: boolean;
  /**
   * The gateway's own use of it: a bare socket as its descriptor 3. See {@link ProcessLink}. It is started
   * by the launcher, and stands back.
   */
  readonly linked?: true;
  /** Pauses other than the usual ones; see {@link ChildLife}. */
  readonly pauses?: LifePauses;
  readonly maxMessageBytes: number;
  readonly stopSignal: NonNullable<ChildSpec['stopSignal']>;
  readonly stopTimeoutMs: number;
  readonly memoryLimitBytes?: number;
}

const milliseconds = { type: 'integer', minimum: 1, maximum: 86_400_000 };

/** JSON Schema of a spec without `set`, which may hold secrets: those are no JSON. */
const specSchema = Object.freeze({
  type: 'object',
  required: ['name', 'command'],
  additionalProperties: false,
  properties: {
    name: { type: 'string', pattern: '^[a-z0-9][a-z0-9-]{0,31}$' },
    command: { type: 'array', minItems: 1, items: { type: 'string' } },
    cwd: { type: 'string' },
    env: { type: 'array', items: { type: 'string' } },
    readyUrl: { type: 'string', pattern: '^https?://' },
    readyTimeoutMs: { ...milliseconds, default: 30_000 },
    aliveTimeoutMs: milliseconds,
    channel: { type: 'boolean', default: false },
    maxMessageBytes: { type: 'integer', minimum: 1024, maximum: 67_108_864, default: 1_048_576 },
    stopSignal: { enum: ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'], default: 'SIGTERM' },
    stopTimeoutMs: { ...milliseconds, default: 5_000 },
    memoryLimitMb: { type: 'number', exclusiveMinimum: 0 },
  },
});

/** What a spec is checked against. */
export interface PlanSurroundings {
  readonly checker: SchemaChecker;
  /** The names that the manifest allows. */
  readonly allowed: ReadonlySet<string>;
  /** The gateway's environment. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** A plan, or the sentences that say what is wrong with the spec. */
export type PlanReading =
  | { readonly plan: ChildPlan; readonly secrets: readonly string[]; readonly faults?: never }
  | { readonly faults: readonly string[]; readonly plan?: never; readonly secrets?: never };

/** Reads a spec. Plugins may be plain JavaScript. @returns its secrets beside it, to be masked. */
export function readSpec(spec: unknown, surroundings: PlanSurroundings): PlanReading {
  if (typeof spec !== 'object' || spec === null) return { faults: ['it must be an object'] };
  const { set = {}, ...rest } = spec as Partial<ChildSpec>;
  const { value, problems } = surroundings.checker.check(specSchema, rest, '');
  if (problems.length > 0) return { faults: problems.map(({ message }) => message) };
  const checked = value as CheckedSpec;
  const { values, secrets, faults } = readSet(set);
  faults.push(...faultsOf(checked, surroundings.allowed));
  if (faults.length > 0) return { faults };
  const { env = [], memoryLimitMb, ...plan } = checked;
  return {
    plan: {
      ...plan,
      environment: childEnvironment(env, values, surroundings.environment),
      ...(memoryLimitMb === undefined ? {} : { memoryLimitBytes: memoryLimitMb * 1024 * 1024 }),
    },
    secrets,
  };
}

/** What the schema makes of a spec. */
interface CheckedSpec extends Omit<ChildPlan, 'environment' | 'memoryLimitBytes'> {
  readonly env?: readonly string[];
  readonly memoryLimitMb?: number;
}

function faultsOf(spec: CheckedSpec, allowed: ReadonlySet<string>): readonly string[] {
  const faults: string[] = [];
  const [program] = spec.command;
  if (spec.command.some((word) => word.includes('\0')))
    faults.push('command has a zero byte in it');
  if (program === '') faults.push('command names no program');
  // Otherwise it would be looked for in the child's own folder, which is nobody's intention.
  const relative = /[/\\]/u.test(program) && !path.isAbsolute(program);
  if (relative) {
    faults.push(`command ${JSON.stringify(program)} must be absolute, or a name on PATH`);
  }
  if (spec.cwd !== undefined && !path.isAbsolute(spec.cwd)) {
    faults.push(`cwd ${JSON.stringify(spec.cwd)} must be absolute`);
  }
  if (spec.aliveTimeoutMs !== undefined && spec.readyUrl === undefined) {
    faults.push('aliveTimeoutMs needs a readyUrl to ask');
  }
  if (spec.channel && process.platform === 'win32') {
    faults.push('a channel can be had on Linux and macOS alone; run the gateway there, or in WSL');
  }
  for (const name of spec.env ?? []) {
    const fault = nameFault(name);
    if (fault !== undefined) faults.push(`env: ${fault}`);
    else if (!allowed.has(name)) {
      faults.push(`env: ${name} is not among the manifest's permissions.env`);
    }
  }
  return faults;
}

function readSet(set: unknown): {
  readonly values: Readonly<Record<string, string>>;
  readonly secrets: readonly string[];
  readonly faults: string[];
} {
  const values: Record<string, string> = {};
  const secrets: string[] = [];
  const faults: string[] = [];
  if (typeof set !== 'object' || set === null) return { values, secrets, faults: [SET_FAULT] };
  for (const [name, given] of Object.entries(set as Readonly<Record<string, unknown>>)) {
    const fault = nameFault(name);
    const value = isSecret(given) ? given.reveal() : given;
    if (fault !== undefined) faults.push(`set: ${fault}`);
    else if (typeof value !== 'string') faults.push(`set.${name} must be text or a Secret`);
    else if (value.includes('\0')) faults.push(`set.${name} has a zero byte in it`);
    else values[name] = value;
    if (isSecret(given) && typeof value === 'string') secrets.push(value);
  }
  return { values, secrets, faults };
}

const SET_FAULT = 'set must be an object of names and values';

function isSecret(value: unknown): value is Secret {
  return typeof value === 'object' && value !== null && 'reveal' in value;
}
