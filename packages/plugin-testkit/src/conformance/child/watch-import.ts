// A process of its own: imports a plugin, and tells what that did beside giving a module.
import { writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type { Trace } from './footprint.ts';
import { watchProcess } from './footprint.ts';

const [, , file = ''] = process.argv;
const told = writeSync;
const footprint = watchProcess();
// Only now: standard output and error open when they are touched first.
const before = {
  resources: process.getActiveResourcesInfo(),
  globals: Object.getOwnPropertyNames(globalThis),
  listeners: process.eventNames(),
  env: JSON.stringify(process.env),
};
let fault: string | undefined;
try {
  await import(pathToFileURL(file).href);
  // What an import leaves to the next turns is its doing as well.
  await sleep(50);
} catch (error) {
  fault = error instanceof Error ? error.message : String(error);
}
const traces: Trace[] = [
  ...footprint.done,
  ...footprint.pendingTimers(),
  ...added(process.getActiveResourcesInfo(), before.resources, 'leaves something open'),
  ...added(Object.getOwnPropertyNames(globalThis), before.globals, 'adds to the global object'),
  ...added(
    process.eventNames().map(String),
    before.listeners.map(String),
    'listens to process events',
  ),
  ...(JSON.stringify(process.env) === before.env
    ? []
    : [{ what: 'changes environment variables', where: '' }]),
];
told(3, JSON.stringify({ fault, traces }));
process.exit();

function added(now: readonly string[], then: readonly string[], what: string): readonly Trace[] {
  const left = [...then];
  return now.flatMap((name) => {
    const at = left.indexOf(name);
    if (at === -1) return [{ what: `${what} (${name})`, where: '' }];
    left.splice(at, 1);
    return [];
  });
}
