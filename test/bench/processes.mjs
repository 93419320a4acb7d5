// Starts what is measured, each in a process of its own, and asks it for its use of the processor.
import { fork, spawn, spawnSync } from 'node:child_process';
import path from 'node:path';

/** As `npm start` runs it. */
const ROUTER_FLAGS = ['--single-threaded-gc'];
const children = [];

/** What can be started: file, arguments, flags of Node. */
export const upstreamProgram = () => ({ file: here('upstream.mjs'), args: [], flags: [] });
export const pipeProgram = (upstream) => ({
  file: here('pipe-proxy.mjs'),
  args: [upstream],
  flags: [],
});
export const relayPageProgram = (gateway, token) => ({
  file: here('relay-page.mjs'),
  args: [gateway, token],
  flags: [],
});
export const routerProgram = (root, configuration) => ({
  file: path.join(root, 'packages', 'cli', 'dist', 'bin.js'),
  args: ['start', '--config', configuration],
  flags: ROUTER_FLAGS,
});

/** Starts a program; resolves when it has printed its address. */
export function start({ file, args, flags }) {
  const began = performance.now();
  const child = fork(file, args, {
    execArgv: [...flags, '--import', here('usage-probe.mjs')],
    stdio: ['ignore', 'pipe', 'ignore', 'ipc'],
    env: { ...process.env, NODE_ENV: 'production' },
  });
  children.push(child);
  return new Promise((resolve, reject) => {
    let printed = '';
    child.once('exit', (code) => reject(new Error(`${file} ended with ${code}: ${printed}`)));
    child.stdout.on('data', (piece) => {
      printed += piece;
      const url = /http:\/\/127\.0\.0\.1:\d+/u.exec(printed)?.[0];
      if (url) resolve({ child, url, readyMs: performance.now() - began });
    });
  });
}

/** Processor time that a process has used since its start, in microseconds. */
export function cpuUs({ child }) {
  return new Promise((resolve) => {
    child.once('message', (used) => resolve(used.cpuUs));
    child.send('usage');
  });
}

/** Memory of a process as a user runs it, without our probe, four seconds after its start. */
export async function idleBytes({ file, args, flags }) {
  const child = spawn(process.execPath, [...flags, file, ...args], { stdio: 'ignore' });
  children.push(child);
  await new Promise((resolve) => setTimeout(resolve, 4000));
  const { stdout } = spawnSync('ps', ['-o', 'rss=', '-p', String(child.pid)], { encoding: 'utf8' });
  end({ child });
  return Number(stdout) * 1024;
}

export function end({ child }) {
  child.removeAllListeners('exit');
  child.kill('SIGKILL');
}

/** Ends whatever was started. */
export function endAll() {
  for (const child of children) end({ child });
}

function here(name) {
  return path.join(import.meta.dirname, name);
}
