import type { Redactor } from './redactor.ts';

/** One log record before it is printed. */
export interface LogRecord {
  readonly level: string;
  /** Who says it: `gateway`, `server`, `kernel`, or a plugin instance's id. */
  readonly name: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** One JSON object a line; control characters are escaped by JSON itself. */
export function jsonLine(record: LogRecord, nowMs: number, redactor: Redactor): string {
  const { level, name, message, fields } = record;
  const time = new Date(nowMs).toISOString();
  return redactor.line(JSON.stringify({ time, level, name, message, ...fields }));
}

const COLOURS: Readonly<Record<string, string>> = {
  error: '31',
  warn: '33',
  info: '32',
  debug: '90',
};

/** For a person at a terminal: time, level, name, message, and the fields that say more. */
export function prettyLine(record: LogRecord, nowMs: number, redactor: Redactor): string {
  const { level, name, message, fields } = record;
  const time = new Date(nowMs).toTimeString().slice(0, 8);
  const colour = COLOURS[level] ?? '0';
  const rest = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ');
  const text = printable(redactor.line(`${name}: ${message}${rest === '' ? '' : `  ${rest}`}`));
  return `\u001B[90m${time}\u001B[0m \u001B[${colour}m${level.padEnd(5)}\u001B[0m ${text}`;
}

/** An upstream's text must not move the cursor or change the colours of the operator's terminal. */
function printable(text: string): string {
  return text.replaceAll(
    /[\u0000-\u0008\u000B-\u001F\u007F-\u009F]/gu,
    (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}
