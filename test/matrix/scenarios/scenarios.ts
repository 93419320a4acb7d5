import type { Scenario } from '../scenario.ts';
import { errors } from './errors.ts';
import { faults } from './faults.ts';
import { history } from './history.ts';
import { image } from './image.ts';
import { jsonSchema } from './json-schema.ts';
import { parameters } from './parameters.ts';
import { system } from './system.ts';
import { text } from './text.ts';
import { thinking } from './thinking.ts';
import { toolChoice } from './tool-choice.ts';
import { tools } from './tools.ts';
import { usage } from './usage.ts';

/** The rows of the table, in their order. */
export const SCENARIOS: readonly Scenario[] = [
  ...text,
  ...system,
  ...tools,
  ...toolChoice,
  ...parameters,
  ...image,
  ...history,
  ...jsonSchema,
  ...thinking,
  ...usage,
  ...faults,
  ...errors,
];
