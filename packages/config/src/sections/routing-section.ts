import type { Problem, RouteSettings } from '@cliproxy/kernel';
import { didYouMean } from '../did-you-mean.ts';
import { toPointer } from '../pointer.ts';
import type { Words } from '../words.ts';

/** Schema of a share of the requests, and of the rank before it. */
export const ratingProperties = {
  weight: {
    type: 'integer',
    description: 'Its share of the requests within its priority.',
    minimum: 1,
    maximum: 100,
  },
  priority: {
    type: 'integer',
    description:
      'Those of a lower one are used while all of the higher ones are out. By default 0.',
    minimum: -1000,
    maximum: 1000,
  },
} as const;

/** Schema of how many requests something may answer at the same time. */
export const maxConcurrent = {
  type: 'integer',
  description: 'Requests that it answers at the same time, at most; by default any number.',
  minimum: 1,
  maximum: 100_000,
} as const;

const modelName = { type: 'string', minLength: 1, maxLength: 512 } as const;

/** Schema of `routes`. */
export const routesSchema = {
  type: 'array',
  description: 'Which instances serve which models; the first route that matches wins.',
  default: [],
  items: {
    type: 'object',
    additionalProperties: false,
    required: ['match', 'targets'],
    properties: {
      match: { ...modelName, description: 'A model name; * stands for any characters.' },
      targets: {
        type: 'array',
        description: 'Instances to try, in this order.',
        minItems: 1,
        maxItems: 64,
        items: {
          type: 'object',
          additionalProperties: false,
          required: ['plugin'],
          properties: {
            plugin: { type: 'string', description: 'An instance id of plugins.', minLength: 1 },
            model: {
              ...modelName,
              description: 'Name to ask it for; by default the one asked for.',
            },
            ...ratingProperties,
          },
        },
      },
      strategy: {
        type: 'string',
        description:
          'How to choose among targets of the same priority: in their order, in turn, in turn by weight, or the quickest of late.',
        enum: ['failover', 'round-robin', 'weighted', 'least-latency'],
        default: 'failover',
      },
    },
  },
} as const;

/** Schema of `aliases`. */
export const aliasesSchema = {
  type: 'object',
  description: 'Names that mean another model. An alias cannot name an alias.',
  default: {},
  additionalProperties: modelName,
} as const;

/** Targets that name no instance. */
export function checkTargets(
  routes: readonly RouteSettings[],
  instanceIds: readonly string[],
  words: Words,
): Problem[] {
  return routes.flatMap((route, routeIndex) =>
    route.targets.flatMap((target, targetIndex): Problem[] => {
      if (instanceIds.includes(target.plugin)) return [];
      const known =
        instanceIds.length === 0
          ? 'There are none yet; add one under plugins.'
          : `Instances: ${instanceIds.join(', ')}.`;
      const pointer = toPointer(['routes', routeIndex, 'targets', targetIndex, 'plugin']);
      const suggestion = words.mayShow(pointer) ? didYouMean(target.plugin, instanceIds) : '';
      return [
        {
          code: 'CONFIG_INVALID',
          message: `${words.nameOf(pointer)} names ${words.shown(pointer, target.plugin)}, which is no instance under plugins.${suggestion} ${known}`,
          pointer,
        },
      ];
    }),
  );
}

/** Aliases that lead nowhere, in a circle, or over a second alias. */
export function checkAliases(aliases: Readonly<Record<string, string>>, words: Words): Problem[] {
  return Object.entries(aliases).flatMap(([alias, model]): Problem[] => {
    const pointer = toPointer(['aliases', alias]);
    const wrong = (message: string, atKey: boolean): Problem[] => [
      { code: 'CONFIG_INVALID', message, pointer, ...(atKey && { atKey }) },
    ];
    const name = words.nameOf(pointer);
    if (alias === '') return wrong('An alias cannot be empty; give it a name.', true);
    if (alias.includes('*')) {
      return wrong(
        `${name} contains *, which only routes understand; write a route instead.`,
        true,
      );
    }
    if (model === alias) return wrong(`${name} means itself; remove it.`, false);
    if (!Object.hasOwn(aliases, model)) return [];
    return wrong(
      `${name} means ${words.shown(pointer, model)}, which is an alias itself; name the model that it stands for.`,
      false,
    );
  });
}
