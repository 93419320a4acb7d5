import http from 'node:http';
import { MODEL } from './stage.ts';
import type { Stage } from './stage.ts';
import { written } from './questions.ts';

/** A streamed answer that is read only as far as it is told to. */
export interface OpenAnswer {
  /** Resolves with the first bytes, or with the end where none come. */
  readonly first: Promise<void>;
  /** Bytes that were read so far. */
  readonly readBytes: () => number;
  pause(): void;
  resume(): void;
  /** Breaks the connection off. */
  leave(): void;
}

/** Asks, and goes on reading until told otherwise. */
export function openAnswer({ gateway, dialect }: Stage): OpenAnswer {
  const text = Array.from({ length: 2000 }, (_, at) => `word${at}`).join(' ');
  const { path, body } = written(dialect, MODEL, text, true);
  let reply: http.IncomingMessage | undefined;
  let readBytes = 0;
  const request = http.request(gateway.url + path, {
    method: 'POST',
    agent: false,
    headers: { authorization: `Bearer ${gateway.apiKey}`, 'content-type': 'application/json' },
  });
  const first = new Promise<void>((resolve) => {
    request.on('error', () => resolve());
    request.once('response', (incoming) => {
      reply = incoming;
      incoming.on('error', () => undefined);
      incoming.on('data', (chunk: Buffer) => {
        readBytes += chunk.length;
        resolve();
      });
      incoming.once('close', () => resolve());
    });
  });
  request.end(JSON.stringify(body));
  return {
    first,
    readBytes: () => readBytes,
    pause: () => void reply?.pause(),
    resume: () => void reply?.resume(),
    leave: () => void request.destroy(),
  };
}
