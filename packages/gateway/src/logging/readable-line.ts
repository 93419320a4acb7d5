import { stripVTControlCharacters } from 'node:util';
import { prettyLine } from './line-format.ts';
import type { LogRecord } from './line-format.ts';

/** What a log file's line says, as far as it is one of ours. */
export interface ReadLine {
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** Who says it: `gateway`, an instance, `<instance>/<child>`. */
  readonly name: string;
  /** The plugin instance concerned, where the line names one. */
  readonly instance?: string;
  /** The line as a person reads it, with the colours of a terminal. */
  readonly pretty: string;
}

/** Secrets are masked before a line is written. */
const masked = { add: () => undefined, mask: (text: string) => text, json: JSON.stringify };

/** Reads a line that the gateway or a child has logged; undefined for what is no such line. */
export function readLogLine(line: string): ReadLine | undefined {
  let read: unknown;
  try {
    read = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof read !== 'object' || read === null) return undefined;
  const { time, level, name, message, ...fields } = read as Partial<Record<string, unknown>>;
  const atMs = typeof time === 'string' ? Date.parse(time) : NaN;
  if (!Number.isFinite(atMs) || typeof name !== 'string') return undefined;
  const record: LogRecord = { level: String(level), name, message: String(message), fields };
  return {
    atMs,
    name,
    ...(typeof fields.instance === 'string' && { instance: fields.instance }),
    pretty: prettyLine(record, atMs, masked),
  };
}

/** A line as it is, without what could move a terminal's cursor. */
export function harmlessLine(line: string): string {
  return stripVTControlCharacters(line).replaceAll(
    /[\u0000-\u0008\u000B-\u001F\u007F-\u009F]/gu,
    '',
  );
}
