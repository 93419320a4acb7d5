import type { Redactor } from './redactor.ts';

/** One log record before it is printed. */
export interface LogRecord {
  readonly level: string;
  /** Who says it: `gateway`, `server`, `kernel`, `request`, or a plugin instance's id. */
  readonly name: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** What moves a terminal's cursor, or the order in which its text is read. */
const UNPRINTABLE = /[\u0000-\u001F\u007F-\u009F\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069]/gu;
/** Those of them that JSON leaves as they are. */
const LEFT_BY_JSON = /[\u007F-\u009F\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069]/gu;

/** One JSON object a line, in which nothing moves a terminal's cursor. */
export function jsonLine(record: LogRecord, nowMs: number, redactor: Redactor): string {
  const { level, name, message, fields } = record;
  const time = new Date(nowMs).toISOString();
  return redactor.json({ time, level, name, message, ...fields }).replace(LEFT_BY_JSON, escaped);
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
    .map(([key, value]) => ` ${key}=${shown(value, redactor)}`)
    .join('');
  const text = redactor.mask(`${name}: ${message}${rest === '' ? '' : ` ${rest}`}`);
  return `\u001B[90m${time}\u001B[0m \u001B[${colour}m${level.padEnd(5)}\u001B[0m ${printable(text)}`;
}

function shown(value: unknown, redactor: Redactor): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return String(value);
  // A stack is read line by line; it begins with the name and the message.
  if ('stack' in value && typeof value.stack === 'string') {
    const said = ['name', 'message', 'stack'];
    const rest = Object.entries(value).filter(([key]) => !said.includes(key));
    const more = rest.length === 0 ? '' : `\n${redactor.json(Object.fromEntries(rest))}`;
    return `${value.stack}${more}`;
  }
  return redactor.json(value);
}

/**
 * An upstream's text must not move the cursor or change the colours of the operator's terminal. What
 * has several lines is set in, so that no line of it looks like a record.
 */
function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) =>
    character === '\n' ? '\n        ' : escaped(character),
  );
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
