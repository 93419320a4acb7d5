import type { Loggers, SecretRegistry } from '@cliproxy/kernel';
import type { Logger } from '@cliproxy/plugin-api';
import winston from 'winston';
import { jsonLine, prettyLine } from './line-format.ts';
import { createRedactor } from './redactor.ts';

/** How and where to log. */
export interface LoggingOptions {
  readonly level: 'error' | 'warn' | 'info' | 'debug';
  /** `auto`: pretty on a terminal, JSON otherwise. */
  readonly format: 'auto' | 'pretty' | 'json';
  /** Also to this file, always as JSON; 0600, five files of 10 MB. */
  readonly file?: string;
  /** Default: standard error. */
  readonly stream?: NodeJS.WritableStream & { readonly isTTY?: boolean };
}

/** Writes fields that hold no secret by their making: nothing is looked through or copied. */
export interface PlainLog {
  write(level: 'info' | 'warn' | 'error', name: string, message: string, fields: object): void;
}

/** The gateway's log. */
export interface Logging extends Loggers {
  /** For what the gateway itself says once per request. */
  readonly plain: PlainLog;
  /** Values that are masked wherever they appear. */
  readonly secrets: SecretRegistry;
  setLevel(level: LoggingOptions['level']): void;
  /** Resolves when everything is written. */
  close(): Promise<void>;
}

const MAX_FILE_BYTES = 10 * 1024 * 1024;
const MAX_FILES = 5;
const LINE = Symbol.for('message');

/** Makes the log. Nothing that goes through it shows a secret. */
export function createLogging(options: LoggingOptions): Logging {
  const redactor = createRedactor();
  const stream = options.stream ?? process.stderr;
  const pretty =
    options.format === 'pretty' || (options.format === 'auto' && stream.isTTY === true);
  const formatted = (line: typeof jsonLine) =>
    winston.format((info) => {
      const { level, message, name, fields } = info as unknown as Parameters<typeof jsonLine>[0];
      info[LINE] = line({ level, message, name, fields }, Date.now(), redactor);
      return info;
    })();
  const logger = winston.createLogger({
    level: options.level,
    // Each transport has its own; without this winston would format every record once more.
    format: winston.format((info) => info)(),
    transports: [
      new winston.transports.Stream({ stream, format: formatted(pretty ? prettyLine : jsonLine) }),
      ...(options.file === undefined ? [] : [logFile(options.file, formatted(jsonLine))]),
    ],
  });
  // A full disk or a lost terminal costs log lines, never requests.
  logger.on('error', () => undefined);

  const plain = (level: string, name: string, message: string, fields: object) => {
    if (logger.isLevelEnabled(level)) logger.log({ level, message, name, fields });
  };
  const write = (level: string, name: string, message: string, fields: object | undefined) => {
    if (!logger.isLevelEnabled(level)) return;
    plain(level, name, message, fields === undefined ? {} : redactor.fields(fields));
  };
  return {
    secrets: redactor,
    plain: { write: plain },
    logger: (name): Logger => ({
      debug: (message, fields) => write('debug', name, message, fields),
      info: (message, fields) => write('info', name, message, fields),
      warn: (message, fields) => write('warn', name, message, fields),
      error: (message, fields) => write('error', name, message, fields),
    }),
    setLevel(level) {
      logger.level = level;
    },
    close: () =>
      new Promise((resolve) => {
        logger.once('finish', resolve);
        logger.end();
      }),
  };
}

function logFile(filename: string, format: winston.Logform.Format): winston.transport {
  const file = new winston.transports.File({
    filename,
    format,
    maxsize: MAX_FILE_BYTES,
    maxFiles: MAX_FILES,
    tailable: true,
    options: { flags: 'a', mode: 0o600 },
  });
  file.on('error', () => undefined);
  return file;
}
