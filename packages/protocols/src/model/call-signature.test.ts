import { describe, expect, test } from '@jest/globals';
import type { Part, ToolCallPart } from '@cliproxy/plugin-api';
import { callSigner, withCallSignatures } from './call-signature.ts';

const call = (id: string, value?: string): ToolCallPart => ({
  type: 'tool-call',
  id,
  name: 'look',
  argumentsJson: '{}',
  ...(value === undefined ? {} : { opaque: { origin: 'g/gemini-3', value } }),
});
const thought = (text: string, value: string): Part => ({
  type: 'reasoning',
  text,
  opaque: { origin: 'openai/gpt-5', value },
});
const read = (parts: readonly Part[]): readonly Part[] => {
  const sign = callSigner();
  return parts.flatMap((part) => sign(part) ?? []);
};
const unsigned = (parts: readonly Part[]): readonly Part[] =>
  parts.map((part) => (part.type === 'tool-call' ? call(part.id) : part));

describe('signatures of calls', () => {
  test('stand before their calls, and come back onto them alone', () => {
    const parts = [thought('hm', 'a'), call('1', 's1'), call('2'), call('3', 's3')];
    const told = withCallSignatures(parts);
    expect(told.map(({ type }) => type)).toEqual([
      'reasoning',
      'reasoning',
      'tool-call',
      'tool-call',
      'reasoning',
      'tool-call',
    ]);
    expect(read(unsigned(told))).toEqual(parts);
  });

  test('are not made of reasoning without text, which belongs to no call', () => {
    const parts = [thought('', 'enc'), call('1')];
    expect(read(parts)).toEqual(parts);
  });

  test('are dropped where no call follows', () => {
    const [signature] = withCallSignatures([call('1', 's')]);
    const text: Part = { type: 'text', text: 'hi' };
    expect(read([signature!, text, call('2')])).toEqual([text, call('2')]);
  });
});
