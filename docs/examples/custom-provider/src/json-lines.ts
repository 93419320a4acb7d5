import type { Readable } from 'node:stream';
import { GatewayError } from '@cliproxy/plugin-api';

const MAX_LINE_BYTES = 1024 * 1024;
const LINE_FEED = 10;

/**
 * The lines of a body, each parsed as JSON. Reads on only when the next one is asked for; whoever stops
 * asking ends the body.
 *
 * @throws GatewayError `UPSTREAM_BAD_ANSWER` for a line that is no JSON, or longer than 1 MiB; and what
 *   broke the body, as the gateway names it.
 */
export async function* jsonLines(body: Readable): AsyncGenerator {
  // Split as bytes: a character may lie across two chunks, a line feed never does.
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of body as AsyncIterable<Buffer>) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let from = 0;
    for (let to = rest.indexOf(LINE_FEED); to !== -1; to = rest.indexOf(LINE_FEED, from)) {
      const line = rest.toString('utf8', from, to).trim();
      from = to + 1;
      if (line !== '') yield parsed(line);
    }
    rest = rest.subarray(from);
    if (rest.length > MAX_LINE_BYTES) throw badLine(`is longer than ${MAX_LINE_BYTES} bytes`);
  }
  const last = rest.toString('utf8').trim();
  if (last !== '') yield parsed(last);
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    // Its own error repeats the line, which may hold anything.
    throw badLine('is no JSON');
  }
}

function badLine(what: string): GatewayError {
  const message = `a line of Acme's answer ${what}`;
  return new GatewayError('UPSTREAM_BAD_ANSWER', message, {
    failure: { kind: 'upstream', scope: 'account', message },
  });
}
