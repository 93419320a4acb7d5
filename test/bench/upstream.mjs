// A stand-in for the vendors' APIs that costs little: small answers, and streams of 100 chunks.
import http from 'node:http';
import { answerFor } from './vendor-answers.mjs';

const TICK_MS = 5;

const server = http.createServer((request, response) => {
  const pieces = [];
  request.on('data', (piece) => pieces.push(piece));
  request.on('end', () => {
    if (request.method === 'GET') return void json(response, '{"object":"list","data":[]}');
    const { body, frames } = answerFor(request.url);
    const asked = Buffer.concat(pieces);
    // Gemini's path says it, the others' bodies do, at their beginning or at their end.
    const streams =
      request.url.includes(':stream') ||
      [asked.subarray(0, 4096), asked.subarray(-4096)].some((part) =>
        part.includes('"stream":true'),
      );
    if (streams) stream(response, frames);
    else json(response, body);
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));

function json(response, text) {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(text);
}

function stream(response, frames) {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  let next = 0;
  const timer = setInterval(() => {
    response.write(frames[next]);
    next += 1;
    if (next < frames.length) return;
    clearInterval(timer);
    response.end();
  }, TICK_MS);
}
