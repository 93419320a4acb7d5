import { equal } from 'node:assert/strict';
import type { Cell } from './cell.ts';
import type { Question } from './conversation.ts';

/** What the last answer named as ignored. */
export function ignored({ exchanges }: Pick<Cell, 'exchanges'>): readonly string[] {
  const header = exchanges.at(-1)?.headers.get('x-cliproxy-ignored') ?? '';
  return header === '' ? [] : header.split(/,\s*/u);
}

/** What can't be honoured is a 400 for those who insist, and the vendor is not asked. */
export async function refusedWhenStrict(cell: Cell, question: Question): Promise<void> {
  const before = questions(cell);
  const { status } = await cell.complain({
    ...question,
    headers: { 'x-cliproxy-strict': 'true' },
  });
  equal(status, 400);
  equal(questions(cell), before, 'the vendor was asked all the same');
}

/** How often the vendor's model was asked; its list of models may be read at any time. */
function questions({ vendor }: Pick<Cell, 'vendor'>): number {
  return vendor.requests.filter(({ method }) => method === 'POST').length;
}
