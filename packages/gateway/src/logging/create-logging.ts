import { EOL } from 'node:os';
import type { Loggers, SecretRegistry } from '@cliproxy/kernel';
import type { Logger } from '@cliproxy/plugin-api';
import winston from 'winston';
import { fileChildLog } from './file-child-log.ts';
import type { FileChildLog } from './file-child-log.ts';
import { jsonLine, prettyLine } from './line-format.ts';
import type { LogRecord } from './line-format.ts';
import { LogFile } from './log-file.ts';
import { printableFields, printableText } from './printable-fields.ts';
import { createRedactor } from './redactor.ts';

/** How and where to log. */
export interface LoggingOptions {
  readonly level: 'error' | 'warn' | 'info' | 'debug';
  /** `auto`: pretty on a terminal, JSON otherwise. */
  readonly format: 'auto' | 'pretty' | 'json';
  /** Also to this file, always as JSON; 0600, five files of 10 MB. */
  readonly file?: string;
  /** The data folder, in which children have their logs. Absent: they have none. */
  readonly dataFolder?: string;
  /** Default: standard error. `none`: only the file. */
  readonly stream?: (NodeJS.WritableStream & { readonly isTTY?: boolean }) | 'none';
}

/**
 * Writes fields that hold no secret by their making: nothing is looked through or copied. The line
 * goes straight to where winston would bring it: its streams cost more than the line does.
 */
interface PlainLog {
  write(
    level: 'info' | 'warn' | 'error',
    name: string,
    message: string,
    fields: LogRecord['fields'],
  ): void;
}

/** The gateway's log. */
export interface Logging extends Loggers {
  /**
   * Opens the log of a child process.
   *
   * @returns undefined where there is no data folder to keep it in.
   */
  childLog(instanceId: string, child: string): FileChildLog | undefined;
  /** For what the gateway itself says once per request. */
  readonly plain: PlainLog;
  /** Values that are masked wherever they appear. */
  readonly secrets: SecretRegistry;
  setLevel(level: LoggingOptions['level']): void;
  /** Resolves when everything is written, or can't be. What comes later is dropped. */
  close(): Promise<void>;
}

/** Where winston expects the finished line. */
const LINE = Symbol.for('message');
/** The names that every line begins with; a record's own fields must not pass for them. */
const OWN_NAMES = ['time', 'level', 'name', 'message'] as const;
/** How long the end of the log may wait for a reader that has stopped reading, in milliseconds. */
const FLUSH_MS = 2000;

/** Makes the log. Nothing that goes through it shows a secret, and nothing it meets makes it throw. */
export function createLogging(options: LoggingOptions): Logging {
  const redactor = createRedactor();
  const stream = options.stream === 'none' ? undefined : (options.stream ?? process.stderr);
  const file = options.file === undefined ? undefined : new LogFile(options.file);
  const pretty =
    stream !== undefined &&
    (options.format === 'pretty' || (options.format === 'auto' && stream.isTTY === true));
  const formatted = (line: typeof jsonLine) =>
    winston.format((info) => {
      info[LINE] = line(info as unknown as LogRecord, Date.now(), redactor);
      return info;
    })();
  const logger = winston.createLogger({
    level: options.level,
    // Once per record, and not again by the transports.
    format: pretty && file === undefined ? winston.format((info) => info)() : formatted(jsonLine),
    transports: [
      ...(stream === undefined
        ? []
        : [
            new winston.transports.Stream({
              stream,
              ...(pretty && { format: formatted(prettyLine) }),
            }),
          ]),
      ...(file === undefined ? [] : [new winston.transports.Stream({ stream: file })]),
    ],
  });
  // A full disk or a lost terminal costs log lines, never requests.
  const ignore = () => undefined;
  logger.on('error', ignore);
  stream?.on('error', ignore);

  const writeStraight = (record: LogRecord): void => {
    const nowMs = Date.now();
    const line = pretty ? prettyLine(record, nowMs, redactor) : jsonLine(record, nowMs, redactor);
    stream?.write(line + EOL);
    file?.write((pretty ? jsonLine(record, nowMs, redactor) : line) + EOL);
  };

  let closed: Promise<void> | undefined;
  const isOn = (level: string) => closed === undefined && logger.isLevelEnabled(level);
  const write = (level: string, name: string, message: string, fields: object | undefined) => {
    if (!isOn(level)) return;
    logger.log({
      level,
      message: printableText(message, redactor.mask),
      name,
      fields: fields === undefined ? {} : ownFields(printableFields(fields, redactor.mask)),
    });
  };
  return {
    secrets: redactor,
    plain: {
      write(level, name, message, fields) {
        if (isOn(level)) writeStraight({ level, name, message, fields });
      },
    },
    logger: (name): Logger => ({
      debug: (message, fields) => write('debug', name, message, fields),
      info: (message, fields) => write('info', name, message, fields),
      warn: (message, fields) => write('warn', name, message, fields),
      error: (message, fields) => write('error', name, message, fields),
    }),
    childLog: (instanceId, child) =>
      options.dataFolder === undefined
        ? undefined
        : fileChildLog({ dataFolder: options.dataFolder, instanceId, child, redactor }),
    setLevel(level) {
      logger.level = level;
    },
    close() {
      closed ??= new Promise<void>((resolve) => {
        logger.once('finish', resolve);
        logger.end();
      }).then(async () => {
        await Promise.all([stream && flushed(stream), file?.finish()]);
        stream?.off('error', ignore);
      });
      return closed;
    },
  };
}

/** A plugin's field `level` becomes `field.level`. */
function ownFields(fields: Record<string, unknown>): Record<string, unknown> {
  if (!OWN_NAMES.some((name) => name in fields)) return fields;
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [
      (OWN_NAMES as readonly string[]).includes(key) ? `field.${key}` : key,
      value,
    ]),
  );
}

/** Waits until a stream that stays open has taken everything. */
async function flushed(stream: NodeJS.WritableStream): Promise<void> {
  if (!stream.writable) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, FLUSH_MS);
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    stream.once('error', done);
    stream.write('', done);
  });
}
