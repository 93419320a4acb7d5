import { describe, expect, test } from '@jest/globals';
import { GatewayError } from '@cliproxy/plugin-api';
import type { EventTransform, ModelEvent } from '@cliproxy/plugin-api';
import type { ChainLink } from './hook-chain.ts';
import { HookStage } from './hook-stage.ts';

const text = { type: 'text', text: '' } as const;
const answer: readonly ModelEvent[] = [
  { type: 'start' },
  { type: 'open', index: 0, part: text },
  { type: 'delta', index: 0, text: 'one' },
  { type: 'delta', index: 0, text: 'two' },
  { type: 'close', index: 0 },
  { type: 'usage', usage: { inputTokens: 1, outputTokens: 2 } },
  { type: 'finish', reason: 'stop' },
];

interface Told {
  readonly events: ModelEvent[];
  readonly faults: string[];
}

/** Leads the events through the transforms; a fault after which nothing is lost leaves its hook out. */
function run(transforms: readonly EventTransform[], events = answer): Told {
  const told: Told = { events: [], faults: [] };
  const links = transforms.map((transform, at) => ({
    link: { hook: { id: `h${at}` } } as ChainLink,
    transform,
  }));
  const stage = new HookStage(links, (link, what, _cause, lost) => {
    told.faults.push(`${link.hook.id} ${what}${lost ? ': lost' : ''}`);
    if (lost) throw new Error('lost');
  });
  try {
    for (const event of events) stage.push(event, (one) => told.events.push(one));
    stage.end((one) => told.events.push(one));
  } catch (thrown) {
    told.faults.push(`thrown: ${(thrown as Error).message}`);
  }
  return told;
}

const asItIs: EventTransform = { push: (event) => [event] };
const junk = (value: unknown): EventTransform => ({ push: () => value as never });
const onFirstDelta = (give: (event: ModelEvent) => unknown): EventTransform => {
  let done = false;
  return {
    push(event) {
      if (event.type !== 'delta' || done) return [event];
      done = true;
      return give(event) as readonly ModelEvent[];
    },
  };
};

describe('events', () => {
  test('go through all, the first one first', () => {
    const add = (mark: string): EventTransform => ({
      push: (event) => [event.type === 'delta' ? { ...event, text: event.text + mark } : event],
    });
    const { events } = run([add('a'), add('b')]);
    expect(events.filter(({ type }) => type === 'delta')).toMatchObject([
      { text: 'oneab' },
      { text: 'twoab' },
    ]);
  });

  test('may be held back and given at the end', () => {
    const held: ModelEvent[] = [];
    const all: EventTransform = {
      push(event) {
        held.push(event);
        return [];
      },
      end: () => held,
    };
    expect(run([all, asItIs])).toEqual({ events: answer, faults: [] });
  });

  test('an answer that broke off is completed by nobody', () => {
    let ended = false;
    const eager: EventTransform = {
      push: (event) => [event],
      end() {
        ended = true;
        return [{ type: 'finish', reason: 'stop' }];
      },
    };
    const { events } = run([eager], answer.slice(0, 4));
    expect(ended).toBe(false);
    expect(events.some(({ type }) => type === 'finish')).toBe(false);
  });

  test('a hook may refuse an answer', () => {
    const refusal = new GatewayError('PLUGIN_HOOK_REFUSED', 'not this', {
      failure: { kind: 'forbidden', scope: 'request' },
    });
    const { faults } = run([
      onFirstDelta(() => {
        throw refusal;
      }),
    ]);
    expect(faults).toEqual(['thrown: not this']);
  });
});

describe('a hook that fails is left out', () => {
  test.each<[string, EventTransform, RegExp]>([
    [
      'throws',
      onFirstDelta(() => {
        throw new TypeError('oops');
      }),
      /threw TypeError/,
    ],
    ['gives nothing', junk(undefined), /no list/],
    ['gives a promise', junk(Promise.resolve([])), /no list/],
    ['gives what is no event', onFirstDelta((event) => [event, 5]), /event that is none/],
    ['gives an event of no type', onFirstDelta(() => [{ type: 'dance' }]), /event that is none/],
    ['gives a text that is none', onFirstDelta(() => [{ type: 'delta', index: 0 }]), /is none/],
    ['gives half a part', onFirstDelta(() => [{ type: 'open', index: 3, part: {} }]), /is none/],
    ['floods', onFirstDelta((event) => Array<unknown>(10_001).fill(event)), /more than 10000/],
    [
      'gives text of no block',
      onFirstDelta(() => [{ type: 'delta', index: 7, text: '' }]),
      /block 7/,
    ],
    ['opens a block twice', onFirstDelta(() => [answer[1]]), /block 0 twice/],
    ['begins twice', onFirstDelta(() => [answer[0]]), /began the answer twice/],
    ['ends inside a block', onFirstDelta(() => [answer[6]]), /inside a block/],
    [
      'throws something hostile',
      onFirstDelta(() => {
        // eslint-disable-next-line @typescript-eslint/only-throw-error -- plugins may
        throw new Proxy(
          {},
          {
            get() {
              throw new Error('no');
            },
          },
        );
      }),
      /threw/,
    ],
  ])('one that %s, and the answer is whole', (_what, transform, said) => {
    const { events, faults } = run([asItIs, transform, asItIs]);
    expect(faults).toEqual([expect.stringMatching(said)]);
    expect(faults[0]).toMatch(/^h1 /);
    expect(events).toEqual(answer);
  });

  test('not where it holds back what others need', () => {
    const greedy: EventTransform = {
      push(event) {
        if (event.type === 'delta') throw new Error('oops');
        return event.type === 'open' ? [] : [event];
      },
    };
    expect(run([greedy]).faults).toEqual([expect.stringMatching(/: lost$/), 'thrown: lost']);
  });

  const holding = (failsAt: ModelEvent['type']): EventTransform => {
    let held = '';
    return {
      push(event) {
        if (event.type === failsAt) throw new Error('oops');
        if (event.type === 'delta') {
          held += event.text;
          return [];
        }
        return event.type === 'close' ? [{ type: 'delta', index: 0, text: held }, event] : [event];
      },
    };
  };

  test('not where it may hold back some of the text of a block', () => {
    const { events, faults } = run([holding('close')]);
    expect(faults).toEqual(['h0 threw Error in onEvents: lost', 'thrown: lost']);
    expect(events.some(({ type }) => type === 'close')).toBe(false);
  });

  test('but when the block is closed', () => {
    const { events, faults } = run([holding('finish')]);
    expect(faults).toEqual(['h0 threw Error in onEvents']);
    expect(events).toContainEqual({ type: 'delta', index: 0, text: 'onetwo' });
    expect(events.at(-1)).toEqual(answer[6]);
  });

  test('not where it left out the end', () => {
    const endless: EventTransform = {
      push: (event) => (event.type === 'finish' ? [] : [event]),
    };
    expect(run([endless]).faults).toEqual([
      'h0 left out the end of the answer: lost',
      'thrown: lost',
    ]);
  });

  test('after the end nothing more can be given', () => {
    const late: EventTransform = { push: (event) => [event], end: () => [answer[1] as ModelEvent] };
    const { events, faults } = run([late]);
    expect(events).toEqual(answer);
    expect(faults).toEqual([expect.stringMatching(/after the end/)]);
  });

  test('a hook is not blamed for what the upstream breaks', () => {
    const strange: readonly ModelEvent[] = [{ type: 'delta', index: 4, text: 'x' }, ...answer];
    expect(run([asItIs], strange)).toEqual({ events: strange, faults: [] });
  });
});

test.each<[string, (index: number) => readonly ModelEvent[]]>([
  ['one after another', (index) => [{ type: 'close', index }]],
  ['all of them open', () => []],
])(
  'an answer of 20,000 blocks takes no longer for the last than for the first: %s',
  (_how, close) => {
    const events: ModelEvent[] = [{ type: 'start' }];
    for (let index = 0; index < 20_000; index++) {
      events.push({ type: 'open', index, part: text }, ...close(index));
    }
    const before = performance.now();
    expect(run([asItIs], events)).toEqual({ events, faults: [] });
    expect(performance.now() - before).toBeLessThan(10_000);
  },
);
