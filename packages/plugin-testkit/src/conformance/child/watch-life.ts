// A process of its own: sets a plugin up, lets it answer, ends it, and tells what is left of it.
import { readdirSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { startTestGateway } from '../../start-test-gateway.ts';
import { written } from '../questions.ts';
import { MODEL } from '../stage.ts';
import type { LifeOrder } from './life-order.ts';
import type { Trace } from './footprint.ts';
import { watchProcess } from './footprint.ts';

/** The first life makes what is made once for a process, such as connections of libraries. */
const LIVES = 3;
const PATIENCE_MS = 5000;

const order = JSON.parse(process.argv[2] ?? '') as LifeOrder;
const footprint = watchProcess();
let fault: string | undefined;
let traces: readonly Trace[] = [];
try {
  let before = resources();
  for (let life = 0; life < LIVES; life += 1) {
    await live();
    if (life === 0) {
      before = await settled();
    }
  }
  const left = (): readonly Trace[] => [
    ...added(before, resources()),
    ...footprint.pendingTimers().filter(({ where }) => where.includes(order.folder)),
  ];
  await calm(() => left().length === 0, PATIENCE_MS);
  traces = left();
} catch (error) {
  fault = error instanceof Error ? error.message : String(error);
}
writeSync(3, JSON.stringify({ fault, traces }));
process.exit();

async function live(): Promise<void> {
  const gateway = await startTestGateway({
    plugins: [{ package: order.folder, instanceId: 'checked', config: order.config }],
    config: order.settings,
  });
  if (order.asks) {
    const { path, body } = written(order.dialect, MODEL, 'once', false);
    await (await gateway.ask(path, { body })).arrayBuffer();
  }
  await gateway.stop();
}

/** What is open: of each kind how much. */
function resources(): readonly string[] {
  const listeners = process
    .eventNames()
    .flatMap((name) =>
      Array.from(
        { length: process.listenerCount(name as string) },
        () => `listener of ${String(name)}`,
      ),
    );
  return [...process.getActiveResourcesInfo(), ...listeners, ...files()];
}

function files(): readonly string[] {
  try {
    return readdirSync('/proc/self/fd').map(() => 'open file or socket');
  } catch {
    return [];
  }
}

function added(then: readonly string[], now: readonly string[]): readonly Trace[] {
  const left = [...then];
  return now.flatMap((name) => {
    const at = left.indexOf(name);
    if (at === -1) return [{ what: name, where: '' }];
    left.splice(at, 1);
    return [];
  });
}

/** What is open once nothing more is closed. */
async function settled(): Promise<readonly string[]> {
  let last = resources();
  let since = 0;
  await calm(() => {
    const now = resources();
    since = now.length === last.length ? since + 1 : 0;
    last = now;
    return since > 5;
  }, 1000);
  return last;
}

/** Waits until something holds, but not for ever. */
async function calm(holds: () => boolean, patienceMs: number): Promise<void> {
  for (let leftMs = patienceMs; leftMs > 0 && !holds(); leftMs -= 50) await sleep(50);
}
