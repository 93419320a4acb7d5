import { demand } from '../refusal.ts';
import { isObject } from '../shape.ts';
import type { Json } from '../shape.ts';

/** A turn as the checks of fields have let it pass. */
export interface Content {
  readonly role: 'user' | 'model';
  readonly parts: readonly Json[];
}

/** What the parts of a turn hold under a name. */
export function partsOf(content: Content | undefined, name: string): readonly Json[] {
  return content?.parts.map((part) => part[name]).filter(isObject) ?? [];
}

/** Who speaks when; each turn of calls is answered by the next, call by call. */
export function checkOrder(contents: readonly Content[]): void {
  const [first] = contents;
  demand(
    first?.role === 'user',
    ['contents', 0],
    'Please ensure that the first content is of role user.',
  );
  contents.forEach((content, at) => {
    const calls = partsOf(content, 'functionCall');
    const results = partsOf(content, 'functionResponse');
    const isOwn = content.role === 'model' ? results.length === 0 : calls.length === 0;
    const path = ['contents', at];
    demand(isOwn, path, 'a function call is of role model, a function response of role user.');
    const before = contents[at - 1];
    const early =
      'Please ensure that function call turn comes immediately after a user turn or after a function response turn.';
    demand(calls.length === 0 || before?.role === 'user', path, early);
    const asked = partsOf(before, 'functionCall');
    const late =
      'Please ensure that function response turn comes immediately after a function call turn.';
    demand(results.length === 0 || asked.length > 0, path, late);
    if (calls.length > 0) checkAnswer(calls, contents[at + 1], at);
  });
  const end = 'Please ensure that multiturn requests end with a user role or a function response.';
  demand(contents.at(-1)?.role === 'user', ['contents'], end);
}

function checkAnswer(calls: readonly Json[], next: Content | undefined, at: number): void {
  const results = partsOf(next, 'functionResponse');
  const path = ['contents', at + 1];
  const count =
    'Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.';
  demand(results.length === calls.length, path, count);
  results.forEach((result, index) => {
    const call = calls[index];
    const sameId = calls.find(({ id }) => id !== undefined && id === result['id']);
    const isAnswer =
      sameId === undefined
        ? call?.['id'] === undefined || result['id'] === undefined
        : sameId['name'] === result['name'];
    demand(isAnswer, path, `no function call has the id '${String(result['id'])}'.`);
    const isNamed = sameId !== undefined || call?.['name'] === result['name'];
    const message = `the function response '${String(result['name'])}' answers no function call at its place.`;
    demand(isNamed, path, message);
  });
}
