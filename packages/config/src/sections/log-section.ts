/** Schema of `log`. */
export const logSchema = {
  type: 'object',
  description: 'What is logged, how, and where to.',
  additionalProperties: false,
  default: {},
  properties: {
    level: {
      type: 'string',
      description: 'Least severe level that is still written.',
      enum: ['error', 'warn', 'info', 'debug'],
      default: 'info',
    },
    format: {
      type: 'string',
      description: 'auto: pretty on a terminal, JSON otherwise.',
      enum: ['auto', 'pretty', 'json'],
      default: 'auto',
    },
    file: {
      type: 'string',
      description: 'File to write to as well; relative to the folder of this one.',
      minLength: 1,
    },
  },
} as const;
