import { demand } from '../refusal.ts';
import type { Json } from '../shape.ts';
import { isResultsOnly } from './conversation.ts';
import type { Turn } from './conversation.ts';
import { isThinking } from './issued-thinking.ts';
import type { IssuedThinking } from './issued-thinking.ts';
import type { ModelLine } from './model-line.ts';

/** How thinking is switched on. */
interface Thinking {
  readonly type: 'enabled' | 'adaptive' | 'disabled';
  readonly budget_tokens?: number;
}

/** What thinking rules out, and what it demands of the other parameters. */
export function checkThinking(body: Json, line: ModelLine, isInterleaved: boolean): void {
  const thinking = body['thinking'] as Thinking | undefined;
  if (thinking === undefined) return;
  const { type, budget_tokens: budget = 0 } = thinking;
  const known = line.thinking.includes(type);
  demand(known, [], `"thinking.type.${type}" is not supported for this model.`);
  if (type === 'disabled') return;
  const { max_tokens: maxTokens, tool_choice: choice } = body;
  if (type === 'enabled' && typeof maxTokens === 'number' && !isInterleaved) {
    demand(budget < maxTokens, [], '`max_tokens` must be greater than `thinking.budget_tokens`.');
  }
  const forced = ['any', 'tool'].includes(String((choice as Json | undefined)?.['type']));
  demand(!forced, [], 'Thinking may not be enabled when tool_choice forces tool use.');
  const temperature = body['temperature'] ?? 1;
  const isDefault = temperature === 1;
  demand(isDefault, ['temperature'], '`temperature` may only be set to 1 when thinking is enabled');
  demand(body['top_k'] === undefined, ['top_k'], 'must be unset when thinking is enabled');
  const topP = Number(body['top_p'] ?? 1);
  demand(topP >= 0.95, ['top_p'], 'must be at least 0.95 or unset when thinking is enabled');
}

/** Blocks of thinking are those that the model has made, and a tool turn begins with its own. */
export function checkBlocks(
  turns: readonly Turn[],
  body: Json,
  issued: IssuedThinking,
  model: string,
): void {
  turns.forEach(({ blocks }, at) => {
    blocks.forEach((block, index) => {
      if (!isThinking(block)) return;
      const { type } = block;
      const path = ['messages', at, 'content', index];
      const isOurs = issued.isGenuine(block, model);
      const what =
        type === 'thinking' ? '`signature` in `thinking`' : '`data` in `redacted_thinking`';
      demand(isOurs, path, `Invalid ${what} block`);
    });
  });
  if ((body['thinking'] as Thinking | undefined)?.type !== 'enabled') return;
  currentToolTurns(turns).forEach(({ turn, at }, index) => {
    const [first] = turn.blocks;
    const path = ['messages', at, 'content', 0, 'type'];
    const begins = first !== undefined && isThinking(first);
    const message = `Expected \`thinking\` or \`redacted_thinking\`, but found \`${first?.type}\`. When \`thinking\` is enabled, a final \`assistant\` message must start with a thinking block (preceeding the lastmost set of \`tool_use\` and \`tool_result\` blocks).`;
    demand(begins || (index > 0 && !issued.beganTurn(turn.blocks)), path, message);
    const isWhole = issued.isWhole(turn.blocks);
    const changed =
      '`thinking` or `redacted_thinking` blocks in the latest assistant message cannot be modified. These blocks must remain as they were in the original response.';
    demand(isWhole, ['messages', at, 'content'], changed);
  });
  demand(turns.at(-1)?.role === 'user', ['messages'], 'prefill is not supported while thinking');
}

/** The assistant's turns since the user last spoke, where results of tools end the conversation. */
function currentToolTurns(turns: readonly Turn[]): readonly { turn: Turn; at: number }[] {
  const last = turns.at(-1);
  if (last?.blocks[0]?.type !== 'tool_result') return [];
  let from = turns.length - 1;
  while (from > 0 && (turns[from - 1]?.role === 'assistant' || isLoop(turns[from - 1]))) from -= 1;
  return turns.flatMap((turn, at) =>
    at >= from && turn.role === 'assistant' ? [{ turn, at }] : [],
  );
}

function isLoop(turn: Turn | undefined): boolean {
  return turn !== undefined && isResultsOnly(turn);
}
