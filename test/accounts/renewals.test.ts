import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from '@jest/globals';
import { prepareOnce } from '../process/gateway-process.ts';

const PATIENCE_MS = 120_000;

beforeAll(prepareOnce, PATIENCE_MS);

test(
  'processes that use one account at once: one renewal for each expiry, and no login lost',
  async () => {
    const program = path.join(import.meta.dirname, 'renewals.mjs');
    const args = [program, '--processes', '3', '--callers', '3', '--rounds', '8'];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    expect(stdout).toBe(
      '3 processes, 3 callers each, 8 rounds: 72 of 72 requests served, ' +
        '8 of 8 rounds with one renewal, 0 tokens used twice, 0 logins lost\n',
    );
  },
  PATIENCE_MS,
);
