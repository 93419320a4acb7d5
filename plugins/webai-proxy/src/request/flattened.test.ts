import { describe, expect, test } from '@jest/globals';
import { flattened } from './flattened.ts';

describe('a conversation as one text', () => {
  test('a single question goes as it is', () => {
    expect(flattened([{ role: 'user', content: 'Why?' }])).toBe('Why?');
    expect(flattened([{ role: 'user', content: [{ type: 'text', text: 'Why?' }] }])).toBe('Why?');
  });

  test('everybody is named, and nothing left out', () => {
    expect(
      flattened([
        { role: 'system', content: 'Be brief.' },
        { role: 'developer', content: 'Be kind.' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'One?' },
            { type: 'text', text: 'Or two?' },
          ],
        },
        {
          role: 'assistant',
          content: null,
          tool_calls: [
            { function: { name: 'look', arguments: '{"x":1}' } },
            { custom: { name: 'g', input: 'free' } },
          ],
        },
        { role: 'tool', tool_call_id: 'a', content: 'Seen.' },
        { role: 'assistant', content: '', refusal: 'No.' },
        { role: 'user', content: 'Bye.' },
      ]),
    ).toBe(
      'System: Be brief.\n\nSystem: Be kind.\n\nUser: One?\nOr two?\n\n' +
        'Assistant: [called look({"x":1})]\n[called g(free)]\n\nTool result: Seen.\n\nAssistant: No.\n\nUser: Bye.',
    );
  });

  test('what no text can say is refused', () => {
    const image = { type: 'image_url', image_url: { url: 'data:image/png;base64,AA' } };
    expect(() => flattened([{ role: 'user', content: [image] }])).toThrow(/holds image_url/u);
  });
});
