import { describe, expect, test } from '@jest/globals';
import { CheckingSink } from '../../test/dispatch-rig.ts';
import { CommitGate } from './commit-gate.ts';

const head = { status: 200, contentType: 'text/x', headers: {} };
const bytes = (text: string): Buffer => Buffer.from(text);

function gate(streaming: boolean, holdBytes = 10) {
  const sink = new CheckingSink();
  let commits = 0;
  const made = new CommitGate(sink, head, streaming, holdBytes, () => (commits += 1));
  return { sink, gate: made, commits: () => commits };
}

describe('the commit point of a stream', () => {
  test('comes with the first meaningful bytes', () => {
    const { sink, gate: it, commits } = gate(true);
    it.pass([bytes('ab')], false);
    expect([sink.state, it.committed, commits()]).toEqual(['new', false, 0]);
    it.pass([bytes('cd'), bytes('ef')], true);
    expect([sink.text, it.committed, commits()]).toEqual(['abcdef', true, 1]);
    it.pass([bytes('gh')], false);
    it.finish([]);
    expect(sink).toMatchObject({ text: 'abcdefgh', state: 'ended', sins: [], head });
  });

  test('comes one byte past what may be held', () => {
    const { sink, gate: it } = gate(true);
    it.pass([bytes('1234567890')], false);
    expect(sink.state).toBe('new');
    it.pass([bytes('x')], false);
    expect(sink.text).toBe('1234567890x');
  });

  test('comes with a verdict alone, before there are bytes', () => {
    const { sink, gate: it } = gate(true);
    it.pass([], true);
    expect(sink.state).toBe('open');
  });
});

describe('the commit point of a body', () => {
  test('is its end; its length is told', () => {
    const { sink, gate: it } = gate(false);
    it.pass([bytes('abc')], true);
    expect(sink.state).toBe('new');
    it.finish([bytes('de')]);
    expect(sink).toMatchObject({ text: 'abcde', state: 'ended' });
    expect(sink.head?.contentLength).toBe(5);
  });

  test('is the limit', () => {
    const { sink, gate: it } = gate(false);
    it.pass([bytes('12345678901')], false);
    expect(sink.text).toBe('12345678901');
    expect(sink.head?.contentLength).toBeUndefined();
  });

  test('an empty one is one, too', () => {
    const { sink, gate: it } = gate(false);
    it.finish([]);
    expect(sink).toMatchObject({ text: '', state: 'ended' });
    expect(sink.head?.contentLength).toBe(0);
  });
});

test('tells a slow client, whether small pieces or large', () => {
  const { sink, gate: it } = gate(true);
  sink.fast = false;
  expect(it.pass([bytes('a')], false)).toBe(true);
  expect(it.commit()).toBe(false);
  expect(it.commit()).toBe(true);
  expect(it.pass([], false)).toBe(true);
  expect(it.pass([bytes('')], false)).toBe(true);
  expect(it.pass([bytes('b'), bytes('c')], false)).toBe(false);
  const large = Buffer.alloc(50_000);
  expect(it.pass([large, bytes(''), large], false)).toBe(false);
  expect(sink.text.length).toBe(3 + 100_000);
});

test('nothing goes out after the end, however it came', () => {
  const endings: readonly ((it: CommitGate) => void)[] = [
    (it) => {
      it.finish([]);
    },
    (it) => {
      it.breakOff(bytes('broken'));
    },
    (it) => {
      it.breakOff(bytes(''));
    },
    (it) => {
      it.shut();
    },
  ];
  for (const end of endings) {
    const { sink, gate: it } = gate(true);
    it.pass([bytes('a')], true);
    end(it);
    const { text, state } = sink;
    it.pass([bytes('b')], true);
    it.commit();
    it.finish([bytes('c')]);
    it.breakOff(bytes('d'));
    expect(sink).toMatchObject({ text, state, sins: [] });
  }
});
