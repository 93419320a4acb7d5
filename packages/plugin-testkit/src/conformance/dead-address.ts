import { once } from 'node:events';
import http from 'node:http';

/** An address of loopback where nobody listens. */
export async function deadAddress(): Promise<string> {
  const server = http.createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { readonly port: number };
  server.close();
  await once(server, 'close');
  return `http://127.0.0.1:${port}`;
}
