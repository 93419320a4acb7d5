// A relay page of version 2 in a process of its own, in the place of one in a browser: what it adds is
// what the relay costs, without a browser's share.
import http from 'node:http';
import { WebSocket } from 'ws';
import * as envelope from '../../plugins/aistudio-relay/dist/envelope/v2.js';

const [gateway, token] = process.argv.slice(2);
const agent = new http.Agent({ keepAlive: true });
const credential = `token.${Buffer.from(token).toString('base64url')}`;
const socket = new WebSocket(
  `${gateway.replace('http', 'ws')}/v1/ws`,
  [envelope.SUBPROTOCOL_V2, credential],
  { origin: 'https://aistudio.google.com' },
);
const say = (message) => socket.send(envelope.writeV2(message));
const waiting = new Map();

socket.on('open', () => say({ type: 'hello', version: 2, clientId: 'bench-page' }));
socket.on('close', () => process.exit(0));
socket.on('message', (data, isBinary) => {
  if (isBinary) {
    const { call, bytes } = envelope.readFrameV2(data);
    waiting.get(call)?.end(bytes);
    return;
  }
  const message = envelope.readRouterMessageV2(data.toString());
  if (message.type === 'welcome') console.log(gateway);
  if (message.type === 'ping') say({ type: 'pong', at: message.at });
  if (message.type === 'request') ask(message);
});

/** Answers of the bench are smaller than the first credit, and questions are one frame. */
function ask({ call, method, url, headers, bodyBytes }) {
  const request = http.request(url, { agent, method, headers }, (answer) => {
    say({ type: 'response', call, status: answer.statusCode, headers: {} });
    answer.on('data', (bytes) => socket.send(envelope.writeFrameV2(call, bytes)));
    answer.on('end', () => say({ type: 'end', call }));
  });
  if (bodyBytes === 0) request.end();
  else waiting.set(call, request);
}
