import { configSchema } from '@cliproxy/plugin-api';

/** Configuration of `echo`. */
export interface EchoConfig {
  /** Pause before each word of an answer, in milliseconds. */
  readonly paceMs: number;
}

/** The schema that the configuration file is checked against. */
export const echoConfig = configSchema<EchoConfig>({
  type: 'object',
  additionalProperties: false,
  required: [],
  properties: {
    paceMs: {
      type: 'integer',
      description: 'Pause before each word of an answer, in milliseconds.',
      minimum: 0,
      maximum: 60_000,
      default: 20,
    },
  },
});
