import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { harmlessLine, readLogLine } from '@cliproxy/gateway/data-place';
import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import { stripVTControlCharacters } from 'node:util';
import { findRouter } from '../background/find-router.ts';
import { listingCommand } from '../options.ts';
import type { CommonOptions } from '../options.ts';
import { LogTail } from '../logs/log-tail.ts';
import { logSources } from '../logs/log-source.ts';
import type { LogSource } from '../logs/log-source.ts';

interface LogsOptions extends CommonOptions {
  readonly follow?: boolean;
  readonly lines: number;
}

/** How often a followed log is looked at, in milliseconds. */
const LOOK_MS = 250;

/** `cliproxy logs`: what the gateway and its children have logged. */
export function logsCommand(): Command {
  return listingCommand('logs', { example: 'cliproxy logs --follow gateway' })
    .argument('[name]', 'gateway, an instance, <instance>/<child>, or output; default: all logs')
    .option('-f, --follow', 'go on as lines come, until Ctrl+C')
    .option('-n, --lines <count>', 'how many of the last lines', count, 50)
    .action(async (name: string | undefined, options: LogsOptions) => {
      const { config, folder, log } = await findRouter(options.config);
      const places = {
        dataFolder: folder,
        gatewayFile: log,
        instances: config?.settings.kernel.plugins.map(({ instanceId }) => instanceId) ?? [],
      };
      const leaving = new AbortController();
      const left = leaving.signal;
      process.stdout.once('error', () => leaving.abort());
      const show = printer(options.json === true, left);
      const tails = new Map<string, OpenSource>();
      const look = async (lines: number): Promise<void> => {
        for (const source of await logSources(name, places)) {
          const known = tails.get(source.file);
          if (known === undefined) tails.set(source.file, await openSource(source, lines));
        }
      };
      await look(options.lines);
      const opened = [...tails.values()];
      const last = inOrder(opened.flatMap(({ last: lines }) => lines));
      for (const line of options.lines === 0 ? [] : last.slice(-options.lines)) await show(line);
      if (options.follow !== true) {
        if (last.length === 0 && options.lines > 0 && options.json !== true) {
          process.stderr.write(`cliproxy: nothing has been logged yet: ${log}\n`);
        }
      } else await follow({ tails, look, show, left });
      await Promise.all([...tails.values()].map(({ tail }) => tail.close()));
    });
}

/** One line of a log, and when it was written. */
interface LogEntry {
  readonly atMs: number;
  readonly raw: string;
  readonly pretty: string;
}

interface OpenSource {
  readonly tail: LogTail;
  readonly source: LogSource;
  readonly last: readonly LogEntry[];
}

async function openSource(source: LogSource, lines: number): Promise<OpenSource> {
  const tail = new LogTail(source.file);
  const last = await tail.last(lines, (line) => source.wants(readLogLine(line)));
  return { tail, source, last: entries(last) };
}

/** A line that is none of ours belongs to the one before it. */
function entries(lines: readonly string[]): readonly LogEntry[] {
  let atMs = 0;
  return lines.map((raw) => {
    const read = readLogLine(raw);
    atMs = read?.atMs ?? atMs;
    return { atMs, raw, pretty: read === undefined ? harmlessLine(raw) : dated(read) };
  });
}

/** A line of another day says of which. */
function dated({ atMs, pretty }: { readonly atMs: number; readonly pretty: string }): string {
  const day = new Date(atMs).toDateString();
  if (day === new Date().toDateString()) return pretty;
  const offsetMs = new Date(atMs).getTimezoneOffset() * 60_000;
  return `${new Date(atMs - offsetMs).toISOString().slice(0, 10)} ${pretty}`;
}

function inOrder(lines: readonly LogEntry[]): readonly LogEntry[] {
  return lines.toSorted((one, other) => one.atMs - other.atMs);
}

/** Prints at the reader's pace, until the reader leaves. */
function printer(json: boolean, left: AbortSignal): (line: LogEntry) => Promise<void> {
  const coloured = process.stdout.isTTY && process.env.NO_COLOR === undefined;
  return async ({ raw, pretty }) => {
    const text = json ? raw : coloured ? pretty : stripVTControlCharacters(pretty);
    if (left.aborted || process.stdout.write(`${text}\n`)) return;
    await once(process.stdout, 'drain', { signal: left }).catch(() => undefined);
  };
}

interface Following {
  readonly tails: ReadonlyMap<string, OpenSource>;
  /** Looks for logs that are new. */
  readonly look: (lines: number) => Promise<void>;
  readonly show: (line: LogEntry) => Promise<void>;
  /** Aborted when nobody reads the output any more. */
  readonly left: AbortSignal;
}

/** Until the reader leaves, or Ctrl+C. */
async function follow({ tails, look, show, left }: Following): Promise<void> {
  while (!left.aborted) {
    const known = new Set(tails.keys());
    await look(Number.MAX_SAFE_INTEGER);
    const come: LogEntry[] = [];
    for (const [file, { tail, source, last }] of tails) {
      if (!known.has(file)) come.push(...last);
      const lines = await tail.next();
      come.push(...entries(lines.filter((line) => source.wants(readLogLine(line)))));
    }
    for (const line of inOrder(come)) await show(line);
    await sleep(LOOK_MS);
  }
}

function count(text: string): number {
  if (/^\d{1,9}$/u.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number, 0 or more.');
}
