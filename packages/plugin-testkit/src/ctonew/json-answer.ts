import type http from 'node:http';

/** An answer in the place of the one that is due. */
export interface CtonewFault {
  readonly status: number;
  /** JSON, or a page where it is text. */
  readonly body?: object | string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Gives a fault, or JSON of success. */
export function answerJson(
  outgoing: http.ServerResponse,
  { status, body = {}, headers = {} }: CtonewFault,
): void {
  const page = typeof body === 'string';
  outgoing.writeHead(status, {
    'content-type': page ? 'text/html; charset=utf-8' : 'application/json',
    ...headers,
  });
  outgoing.end(page ? body : JSON.stringify(body));
}

/** Reads a request's body to its end. */
export async function bodyOf(incoming: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
