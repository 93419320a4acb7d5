import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { noChildFiles } from '../../test/no-children.ts';
import type { ChildChanged } from '../ports/event-sink.ts';
import type { ChildPlan } from './child-plan.ts';
import type { InstanceChildren } from './instance-children.ts';
import { SupervisorRoom } from './supervisor-room.ts';

const READY_MS = 2_000;

let room: SupervisorRoom;
let children: InstanceChildren;
let told: ChildChanged[];

beforeEach(() => {
  told = [];
  const silent = { debug() {}, info() {}, warn() {}, error() {} };
  room = new SupervisorRoom({
    clock: { now: () => Date.now(), monotonic: () => performance.now() },
    sink: { emit: (event) => void told.push(event as ChildChanged) },
    secrets: { add: () => undefined, mask: (value) => value },
    checker: { check: () => ({ value: {}, problems: [] }) },
    logger: silent,
    files: noChildFiles,
  });
  const http = { request: () => Promise.reject(new Error('it has no address')) };
  children = room.instance({ instanceId: 'one', http, logger: silent, allowed: new Set() });
});
afterEach(async () => {
  await children.end();
  await room.stop();
});

/** Ends when its descriptor 3 is closed. */
function plan(): ChildPlan {
  const code = `const socket = new (require('net').Socket)({ fd: 3 });
    socket.on('close', () => process.exit()).resume();`;
  return {
    name: 'plugin',
    command: [process.execPath, '--eval', code],
    cwd: '/',
    environment: {},
    readyTimeoutMs: READY_MS,
    channel: false,
    linked: true,
    maxMessageBytes: 1024,
    stopSignal: 'SIGTERM',
    stopTimeoutMs: 1_000,
  };
}

function state(): string | undefined {
  return room.children('one')[0]?.state;
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await sleep(10);
}

describe('a child that is being started', () => {
  test.each([0, 5, 20])('and restarted after %i ms is ready, and stays so', async (afterMs) => {
    // Later than it takes to end the first one.
    children.launch(plan(), (link) => void setTimeout(() => link.ready(), 100));
    await sleep(afterMs);
    await children.restart('plugin');
    await until(() => state() === 'ready');
    await sleep(READY_MS + 200);
    expect(state()).toBe('ready');
    expect(told.filter(({ reason }) => reason !== undefined)).toEqual([]);
  });

  test.each([0, 5, 20])('and stopped after %i ms is gone', async (afterMs) => {
    const pids: number[] = [];
    children.launch(plan(), (link) => void pids.push(link.pid));
    await sleep(afterMs);
    await children.stop('plugin');
    expect(room.children('one')).toEqual([]);
    for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });
});
