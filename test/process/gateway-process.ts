import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const root = path.resolve(import.meta.dirname, '../..');

/** What a checkout runs. */
export const LAUNCHER = path.join(root, 'bin', 'cliproxy');

/** Longest wait for anything; a loaded machine is slow, a right program is not. */
const PATIENCE_MS = 60_000;

export const KEY = 'cpx-client-key-of-the-tests';
export const ADMIN_KEY = 'cpx-admin-key-of-the-tests';

/** What a command came to. */
export interface Ended {
  /** 0 and so on; absent when a signal ended it. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** One line of the log. */
interface LogLine {
  readonly level: string;
  readonly name: string;
  readonly message: string;
}

/** A command under way. */
export interface LaunchedProcess {
  /** So far; lines that are no JSON are left out. */
  log(): readonly LogLine[];
  /** So far. */
  stdout(): string;
  /** So far. */
  stderr(): string;
  /** Types a line into it; nothing unless it was launched with `typed`. */
  type(line: string): void;
  kill(signal: NodeJS.Signals): void;
  /** Closes the other end of what it prints to. */
  leave(): void;
  readonly ended: Promise<Ended>;
}

/** A gateway in a process of its own. */
export interface GatewayProcess extends LaunchedProcess {
  readonly url: string;
  readonly port: number;
}

interface Launch {
  readonly env?: Readonly<Record<string, string>>;
  readonly launcher?: string;
  /** True: its standard input is ours. */
  readonly typed?: boolean;
}

/** Processes and a folder of one test. */
export interface Workshop {
  readonly dir: string;
  /** Writes `config.yaml`; gives its path. */
  config(text: string): string;
  /** Runs a command to its end. */
  run(args: readonly string[], launch?: Launch): Promise<Ended>;
  /** Starts a command and waits for nothing. */
  begin(args: readonly string[], launch?: Launch): LaunchedProcess;
  /** Starts a gateway; resolves when it has told its address. */
  start(args: readonly string[], launch?: Launch): Promise<GatewayProcess>;
  /** Ends every process, whatever state it is in. */
  clear(): void;
}

/** Builds what is out of date, so that later launches begin at once. */
export function prepareOnce(): void {
  const { status, stderr } = spawnSync(process.execPath, [LAUNCHER, '--version'], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`bin/cliproxy --version ended with ${status}: ${stderr}`);
}

export function openWorkshop(): Workshop {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'cliproxy-process-'));
  const children: ChildProcess[] = [];

  const launch = (args: readonly string[], { env = {}, launcher, typed = false }: Launch) => {
    const child = spawn(process.execPath, [launcher ?? built(), ...args], {
      cwd: dir,
      stdio: [typed ? 'pipe' : 'ignore', 'pipe', 'pipe'],
      env: { ...plainEnvironment(), CLIPROXY_HOME: path.join(dir, 'home'), ...env },
    });
    children.push(child);
    const said = { stdout: '', stderr: '' };
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (said.stdout += text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (said.stderr += text));
    const ended = new Promise<Ended>((resolve) => {
      child.once('close', (code) => resolve({ code: code ?? undefined, ...said }));
    });
    return {
      said,
      ended,
      log: () => logLines(said.stderr),
      stdout: () => said.stdout,
      stderr: () => said.stderr,
      type: (line: string) => void child.stdin?.write(`${line}\n`),
      kill: (signal: NodeJS.Signals) => void child.kill(signal),
      leave: () => {
        child.stdout?.destroy();
        child.stderr?.destroy();
      },
    };
  };

  return {
    dir,
    config: (text) => {
      const file = path.join(dir, 'config.yaml');
      writeFileSync(file, text, { mode: 0o600 });
      return file;
    },
    run: (args, options = {}) => launch(args, options).ended,
    begin: (args, options = {}) => launch(args, options),
    start: async (args, options = {}) => {
      const { said, ended, ...rest } = launch(['start', ...args], options);
      const address = () => /ready at (http:\/\/\S+:(\d+))/.exec(said.stdout);
      let early: Ended | undefined;
      void ended.then((end) => (early = end));
      await until(() => said.stdout.includes('to stop.') || early !== undefined);
      if (early !== undefined) {
        throw new Error(`the gateway ended with ${early.code}: ${early.stderr}`);
      }
      const [, url = '', port = ''] = address() ?? [];
      return {
        url,
        port: Number(port),
        ended,
        ...rest,
      };
    },
    clear: () => {
      for (const child of children) child.kill('SIGKILL');
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** A configuration with `echo`, on a free port. */
export function echoConfig(more: {
  readonly server?: string;
  readonly paceMs?: number;
  readonly rest?: string;
}): string {
  const { server = '', paceMs = 0, rest = '' } = more;
  return `
server: { port: 0, apiKeys: [${KEY}], adminKeys: [${ADMIN_KEY}]${server === '' ? '' : `, ${server}`} }
plugins:
  echo: { config: { paceMs: ${paceMs} } }
${rest}`;
}

/** @throws Error when it doesn't come true in a very long time. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  fault = `never: ${String(condition)}`,
): Promise<void> {
  const begunMs = performance.now();
  while (!(await condition())) {
    if (performance.now() - begunMs > PATIENCE_MS) throw new Error(fault);
    await sleep(20);
  }
}

/** Waits for a line of the log. */
export function logged(gateway: LaunchedProcess, text: string): Promise<void> {
  return until(
    () => gateway.log().some(({ message }) => message.includes(text)),
    `the log never said "${text}"`,
  );
}

/** Asks `echo`; the words come back, streamed or not. */
export function ask(
  gateway: GatewayProcess,
  words: string,
  options: { readonly stream?: boolean; readonly key?: string } = {},
): Promise<Response> {
  const { stream = false, key = KEY } = options;
  return fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'echo', stream, messages: [{ role: 'user', content: words }] }),
  });
}

/** A streamed answer under way. */
interface OpenStream {
  /** So far. */
  text(): string;
  /** The whole, once it has ended; rejects when the connection breaks. */
  readonly end: Promise<string>;
}

/** Asks for a stream; resolves when its first word is here. */
export async function openStream(gateway: GatewayProcess, words: string): Promise<OpenStream> {
  const reply = await ask(gateway, words, { stream: true });
  let text = '';
  const end = (async () => {
    const decoder = new TextDecoder();
    for await (const piece of reply.body ?? []) text += decoder.decode(piece, { stream: true });
    return text;
  })();
  end.catch(() => undefined);
  await until(() => /"content":"[^"]/.test(text));
  return { text: () => text, end };
}

/** The words of a streamed answer. */
export function wordsOf(stream: string): string {
  return [...stream.matchAll(/"content":"((?:[^"\\]|\\.)*)"/g)]
    .map(([, content = '']) => content)
    .join('');
}

/** So many different words. */
export function words(count: number): string {
  return Array.from({ length: count }, (_, index) => `word${index}`).join(' ');
}

function built(): string {
  return path.join(root, 'packages', 'cli', 'dist', 'bin.js');
}

/** Without what this machine may have set for a gateway of its own. */
function plainEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(CLIPROXY_|NODE_OPTIONS$)/.test(name)),
  );
}

function logLines(text: string): readonly LogLine[] {
  return text.split('\n').flatMap((line) => {
    try {
      return [JSON.parse(line) as LogLine];
    } catch {
      return [];
    }
  });
}
