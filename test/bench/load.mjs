// Sends requests over kept-alive connections, a fixed number at a time, and reads the answers whole.
import http from 'node:http';

/**
 * @param target - { url, path, headers, body: Buffer, mark: text that the answer must contain }
 * @param count - how many requests in all
 * @param concurrency - how many at a time
 * @returns milliseconds from each request to the first part of its answer that holds text.
 */
export async function load(target, count, concurrency) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: concurrency });
  const firstTextMs = [];
  let left = count;
  const worker = async () => {
    while (left > 0) {
      left -= 1;
      firstTextMs.push(await once(agent, target));
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  agent.destroy();
  return firstTextMs;
}

/** What the text of every answer of the upstream begins with. */
const TEXT = /Hello there|word0/u;

function once(agent, { url, path, headers, body, mark }) {
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const request = http.request(
      url + path,
      {
        agent,
        method: 'POST',
        headers: { 'content-type': 'application/json', 'content-length': body.length, ...headers },
      },
      (reply) => {
        const pieces = [];
        let firstTextMs;
        reply.on('data', (piece) => {
          pieces.push(piece);
          if (firstTextMs === undefined && TEXT.test(piece.toString('latin1'))) {
            firstTextMs = performance.now() - began;
          }
        });
        reply.on('error', reject);
        reply.on('end', () => {
          const answer = Buffer.concat(pieces);
          if (reply.statusCode === 200 && answer.includes(mark)) return resolve(firstTextMs);
          reject(new Error(`${path} answered ${reply.statusCode}: ${answer.subarray(0, 300)}`));
        });
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}
