// Asks one model through the gateway with OpenAI's SDK, whoever provides the model.
//   npm install
//   CLIPROXY_API_KEY=… node example.js [MODEL]
import process from 'node:process';
import OpenAI from 'openai';

const [model = 'echo'] = process.argv.slice(2);
const url = process.env.CLIPROXY_URL ?? 'http://127.0.0.1:8317';
const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: process.env.CLIPROXY_API_KEY });

const models = [];
for await (const { id } of client.models.list()) models.push(id);
console.log('models:', models.join(', '));

const answer = await client.chat.completions.create({
  model,
  messages: [{ role: 'user', content: 'Hello from JavaScript' }],
});
console.log('answer:', answer.choices[0]?.message.content);

process.stdout.write('stream: ');
const stream = await client.chat.completions.create({
  model,
  messages: [{ role: 'user', content: 'Hello word by word' }],
  stream: true,
});
for await (const chunk of stream) {
  process.stdout.write(chunk.choices[0]?.delta.content ?? '');
}
process.stdout.write('\n');

try {
  await client.chat.completions.create({
    model: 'no-such-model',
    messages: [{ role: 'user', content: 'Hello?' }],
  });
} catch (error) {
  if (!(error instanceof OpenAI.APIError)) throw error;
  // What went wrong and what to do about it, with a code to compare.
  console.log('refused:', error.status, error.code);
}
