import { MAX_TIMER_MS } from './durations.ts';

const number = (
  type: 'integer' | 'number',
  description: string,
  fallback: number,
  minimum: number,
  maximum: number,
): object => ({ type, description, minimum, maximum, default: fallback });

const ms = (description: string, fallback: number, minimum = 1): object =>
  number('integer', description, fallback, minimum, MAX_TIMER_MS);

const MIB = 1024 * 1024;

/** Schema of `timeouts`. */
export const timeoutsSchema = {
  type: 'object',
  description: 'Time-outs in milliseconds: of one attempt at an upstream, and of a login.',
  additionalProperties: false,
  default: {},
  properties: {
    connectMs: ms('To connect.', 5000),
    firstByteMs: ms("From sending the request to the first byte of the answer's body.", 600_000),
    idleMs: ms('Between two chunks of the answer.', 300_000),
    totalMs: ms('The whole attempt.', 3_600_000),
    loginMs: ms('How long a person has to log an account in.', 600_000, 1000),
  },
} as const;

/** Schema of `failover`. */
export const failoverSchema = {
  type: 'object',
  description: 'Numbers of failover and cooling; times in milliseconds.',
  additionalProperties: false,
  default: {},
  properties: {
    maxAttempts: number('integer', 'Attempts for one request of a client.', 4, 1, 100),
    retryRatio: number('number', 'Retries per client request in 10 s, at most.', 0.2, 0, 10),
    retryFloor: number('integer', 'Retries in 10 s that are allowed in any case.', 10, 0, 10_000),
    queueSize: number(
      'integer',
      'Requests that may wait for an account whose maxConcurrent is reached.',
      32,
      0,
      1000,
    ),
    queueMs: ms('How long one of them waits at most.', 2000, 0),
    maxCoolingMs: ms("Longest cooling that a vendor's reset time can cause.", 3_600_000),
    outageMs: ms(
      'Longest cooling after a time-out, a network failure or an upstream error; 1 s at first, doubling.',
      30_000,
    ),
    overloadedMs: ms('Cooling after an upstream says that it is overloaded.', 5000),
    rateLimitMs: ms('Cooling after a rate limit without a stated reset.', 30_000),
    deniedMs: ms('Cooling after the vendor refuses the account or its billing.', 1_800_000),
    notFoundMs: ms('First cooling of a model that an account does not have; doubles.', 600_000),
    pluginFaults: number(
      'integer',
      "Faults of a plugin's own code within pluginFaultWindowMs that put its instance out.",
      5,
      1,
      1000,
    ),
    pluginFaultWindowMs: ms(
      'In which those faults come; each answer takes one of them back.',
      60_000,
    ),
    pluginFaultMaxMs: ms(
      'Longest time that it is out then; 1 s at first, doubling with each failed trial.',
      60_000,
    ),
    holdStreamBytes: number(
      'integer',
      "Bytes of a stream's beginning that are held before the answer is committed.",
      65_536,
      0,
      64 * MIB,
    ),
    holdBodyBytes: number(
      'integer',
      'Bytes of an answer without stream that are held.',
      MIB,
      0,
      1024 * MIB,
    ),
    commitAfterMs: ms('Commit after this time even without content; 0: never.', 0, 0),
    maxAnswerBytes: number(
      'integer',
      'Largest answer without stream that is translated.',
      64 * MIB,
      1024,
      1024 * MIB,
    ),
  },
} as const;
