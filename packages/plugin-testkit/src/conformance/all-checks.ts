import type { Check } from './check.ts';
import { abort } from './checks/abort.ts';
import { accounts } from './checks/accounts.ts';
import { answers } from './checks/answers.ts';
import { backPressure } from './checks/back-pressure.ts';
import { brokenStream } from './checks/broken-stream.ts';
import { configExample } from './checks/config-example.ts';
import { configUnknown } from './checks/config-unknown.ts';
import { contributions } from './checks/contributions.ts';
import { disposal } from './checks/disposal.ts';
import { errors } from './checks/errors.ts';
import { hosts } from './checks/hosts.ts';
import { importQuiet } from './checks/import-quiet.ts';
import { manifest } from './checks/manifest.ts';
import { models } from './checks/models.ts';
import { probes } from './checks/probes.ts';
import { secrets } from './checks/secrets.ts';
import { streamEnd } from './checks/stream-end.ts';

/** Every check, in the order in which they run: those that others need come first. */
export const CHECKS: readonly Check[] = [
  ...[configExample, manifest, importQuiet, contributions, configUnknown, disposal],
  ...[answers, models, streamEnd, errors, hosts, secrets],
  ...[abort, backPressure, brokenStream, probes, accounts],
];

/** The check of each level that a plugin must pass itself: that it does not apply is not enough. */
export const CORNERSTONES = {
  loads: 'contributions',
  speaks: 'answers',
  survives: 'abort',
} as const;
