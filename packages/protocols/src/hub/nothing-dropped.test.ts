import { expect, test } from '@jest/globals';
import { isGatewayError } from '@cliproxy/plugin-api';
import type { Dialect } from '@cliproxy/plugin-api';
import { fieldPairs } from '../../test/client-fields.ts';
import type { Pair } from '../../test/client-fields.ts';
import { piecePairs } from '../../test/client-pieces.ts';
import { createDialects } from './dialects.ts';

/**
 * Whatever a client may say makes a difference: it is expressed in what is sent, named as ignored,
 * or refused.
 */

const dialects = createDialects();

/** What becomes of a request. */
interface Outcome {
  readonly sent: string;
  readonly ignored: readonly string[];
}

/** Undefined for a request that is refused. */
function outcome(
  dialect: Dialect,
  body: object,
  to: Dialect | 'events',
  model: string,
): Outcome | undefined {
  const { stream = false } = body as { readonly stream?: boolean };
  const instance = { instanceId: 'up', refuses: [], usage: 'auto', maxAnswerBytes: 1e6 } as const;
  const target = { ...instance, model };
  try {
    const request = dialects.read({
      dialect,
      operation: 'generate',
      body: Buffer.from(JSON.stringify(body)),
      ...(dialect === 'gemini' ? { model: 'm', stream } : {}),
      headers: {},
      requestId: 'r',
    });
    if (to === 'events') {
      const events = request.events(target);
      const sent = JSON.stringify({ ...events.request, extras: null });
      return { sent, ignored: events.ignored };
    }
    const wire = request.wire({ ...target, dialect: to, passthrough: false });
    return { sent: wire.body.toString(), ignored: wire.ignored };
  } catch (error) {
    if (!isGatewayError(error) || error.code !== 'CLIENT_UNSUPPORTED') throw error;
    return undefined;
  }
}

const targets: readonly (readonly [Dialect | 'events', string])[] = [
  ['openai-chat', 'gpt-4.1'],
  ['openai-chat', 'gpt-5'],
  ['openai-chat', 'deepseek-chat'],
  ['openai-responses', 'gpt-4.1'],
  ['openai-responses', 'gpt-5'],
  ['anthropic-messages', 'claude-3-5-haiku-latest'],
  ['anthropic-messages', 'claude-sonnet-4-5'],
  ['anthropic-messages', 'claude-opus-4-7'],
  ['gemini', 'gemini-2.0-flash'],
  ['gemini', 'gemini-2.5-pro'],
  ['gemini', 'gemini-3-pro-preview'],
  ['events', 'any'],
];
const pairs: readonly Pair[] = [...fieldPairs, ...piecePairs];
const clients: readonly Dialect[] = [
  'openai-chat',
  'openai-responses',
  'anthropic-messages',
  'gemini',
];

/** What is left out without a word, `client > target model: what`, and why that is right. */
const HOLDS: readonly (readonly [RegExp, string])[] = [
  [/(?:reasoning_content|reasoning with a summary)$/, 'reasoning goes back to its maker alone'],
  [/\.annotations$/, 'what an answer told is sent back with it, and no model reads it'],
  [/: store: false$/, 'others keep nothing anyway'],
  [
    /> (?:anthropic-messages|gemini) .*: (?:json_schema|format)\.strict$/,
    'a format binds there whenever it is sent, and is named where it is not',
  ],
  [
    /> (?:openai-(?:chat|responses) gpt-4\.1|anthropic-messages .*|gemini gemini-2\.0-flash): (?:reasoning_effort: "none"|reasoning: \{"effort":"none"\}|thinking: \{"type":"disabled"\}|thinkingConfig: \{"thinkingBudget":0\})$/,
    'the model does not think unless it is told to',
  ],
  [
    /> (?:openai-(?:chat|responses)|gemini) .*: thinking(?:Config: \{"thinkingBudget":-1\}|: \{"type":"adaptive"\})$/,
    'how much it thinks is left to the model, as it is where nothing is said',
  ],
  [
    /> openai-chat deepseek-chat: (?:reasoning: \{"summary":"auto"\}|thinking: \{.*"summarized"\}|thinkingConfig: \{"includeThoughts":true\})$/,
    'what there is of reasoning is shown anyway',
  ],
];

/** Fields that are named by another of the client's words. */
const NAMED_AS: Readonly<Record<string, string>> = { output_config: 'thinking' };

const cells = clients.flatMap((client) => targets.map(([to, model]) => ({ client, to, model })));

test.each(cells)(
  'of what $client may say, nothing is dropped silently for $to $model',
  ({ client, to, model }) => {
    const silent: string[] = [];
    for (const { dialect, said, field, bare, told } of pairs) {
      if (dialect !== client) continue;
      const result = outcome(client, told, to, model);
      const without = outcome(client, bare, to, model);
      if (result === undefined || result.sent !== without?.sent) continue;
      expect(new Set(result.ignored).size).toBe(result.ignored.length);
      const names = result.ignored.filter((name) => !without.ignored.includes(name));
      if (names.length === 0) silent.push(`${client} > ${to} ${model}: ${said}`);
      if (field === undefined) continue;
      const known = [field, NAMED_AS[field] ?? field];
      const odd = names.filter((name) => !known.some((word) => name.includes(word)));
      expect([said, odd]).toEqual([said, []]);
    }
    expect(silent.filter((line) => !HOLDS.some(([what]) => what.test(line)))).toEqual([]);
  },
);
