import { describe, expect, test } from '@jest/globals';
import type { Dialect, ModelRequest, Part } from '@cliproxy/plugin-api';
import fc from 'fast-check';
import { imageSize } from './image-size.ts';
import { inputTokens } from './input-tokens.ts';
import { mediaTokens } from './media-tokens.ts';
import { textTokens } from './text-tokens.ts';

const code = `export function stopping(): GatewayError {
  return new GatewayError('KERNEL_STOPPING', 'the gateway is shutting down; try again in a moment');
}

const entries = Object.entries(body).filter(([key]) => TAKEN.has(key));
`;

/** Texts, their tokens as OpenAI's `o200k_base` counts them, and how near the estimate must be. */
const MEASURED: readonly (readonly [text: string, tokens: number, share: number])[] = [
  [
    'It was the best of times, it was the worst of times, it was the age of wisdom, it was the age of foolishness, it was the epoch of belief, it was the epoch of incredulity.',
    45,
    0.25,
  ],
  [code, 49, 0.25],
  [
    '{"type":"object","properties":{"location":{"type":"string","description":"The city and state, e.g. San Francisco, CA"},"unit":{"type":"string","enum":["celsius","fahrenheit"]}},"required":["location"]}',
    50,
    0.25,
  ],
  ['550e8400-e29b-41d4-a716-446655440000, 7c9e6679-7425-40de-944b-e07fc1f90ae7', 43, 0.25],
  [
    'Alle Menschen sind frei und gleich an Würde und Rechten geboren. Sie sind mit Vernunft und Gewissen begabt und sollen einander im Geiste der Brüderlichkeit begegnen. Jeder hat Anspruch auf alle in dieser Erklärung verkündeten Rechte und Freiheiten, ohne irgendeinen Unterschied.',
    61,
    0.25,
  ],
  [
    'Все люди рождаются свободными и равными в своем достоинстве и правах. Они наделены разумом и совестью и должны поступать в отношении друг друга в духе братства.',
    41,
    0.5,
  ],
  [
    '人人生而自由，在尊严和权利上一律平等。他们赋有理性和良心，并应以兄弟关系的精神相对待。人人有资格享有本宣言所载的一切权利和自由。',
    52,
    0.25,
  ],
  [
    'すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。人間は、理性と良心とを授けられており、互いに同胞の精神をもって行動しなければならない。',
    72,
    0.25,
  ],
];

describe('text', () => {
  test.each(MEASURED)('comes near what was measured: %.30s', (text, tokens, share) => {
    expect(Math.abs(textTokens(text) / tokens - 1)).toBeLessThanOrEqual(share);
  });

  test('never shrinks when more is added, and is never 0', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
        expect(textTokens(a + b)).toBeGreaterThanOrEqual(textTokens(a));
        if (a !== '') expect(textTokens(a)).toBeGreaterThan(0);
      }),
    );
  });
});

const bytes = (hex: string): string => Buffer.from(hex, 'hex').toString('base64');
const png = (width: number, height: number): string => {
  const head = Buffer.alloc(33);
  head.write('89504e470d0a1a0a0000000d49484452', 'hex');
  head.writeUInt32BE(width, 16);
  head.writeUInt32BE(height, 20);
  return head.toString('base64');
};

describe('an image’s size', () => {
  test.each([
    ['PNG', png(640, 480), 640, 480],
    ['JPEG', bytes('ffd8ffe000104a46494600010100000100010000ffc0001108012c01900301'), 400, 300],
    ['GIF', bytes('47494638396110002000'), 16, 32],
    [
      'WebP, lossy',
      bytes('524946460000000057454250565038200000000030010 09d012a40 01f000'.replaceAll(' ', '')),
      320,
      240,
    ],
    ['WebP, lossless', bytes('5249464600000000574542505650384c000000002f3fc13b0000'), 320, 240],
    [
      'WebP, extended',
      bytes('524946460000000057454250565038580a000000000000003f0100ef0000'),
      320,
      240,
    ],
  ])('is read from a %s', (_, base64, width, height) => {
    expect(imageSize(base64)).toEqual({ width, height });
  });

  test('is unknown for junk and for heads that end early', () => {
    const whole = [
      png(1, 1),
      'ffd8ffe000104a46494600010100000100010000ffc0001108012c0190',
      bytes('524946460000000057454250565038580a000000000000003f0100ef0000'),
    ];
    fc.assert(
      fc.property(fc.constantFrom('', ...whole), fc.nat(40), fc.string(), (head, end, rest) => {
        const size = imageSize(head.slice(0, end) + rest);
        if (size !== undefined) expect(size.width * size.height).toBeGreaterThan(0);
      }),
    );
    expect(imageSize('')).toBeUndefined();
    expect(imageSize(png(0, 5))).toBeUndefined();
    expect(imageSize(bytes('ffd8ffe0000200'))).toBeUndefined();
    expect(imageSize(bytes('52494646000000005745425056503900'))).toBeUndefined();
  });
});

const media = (mediaType: string, source: { base64: string } | { url: string }) =>
  ({ type: 'media', mediaType, source }) as const;

describe('media by the vendors’ rules', () => {
  test.each<[Dialect, number, number, number]>([
    ['anthropic-messages', 200, 200, 54],
    ['anthropic-messages', 1000, 1000, 1334],
    ['anthropic-messages', 4000, 4000, 1600],
    ['openai-chat', 1024, 1024, 765],
    ['openai-responses', 2048, 4096, 1105],
    ['openai-chat', 512, 512, 255],
    ['gemini', 384, 384, 258],
    ['gemini', 960, 540, 516],
  ])('%s: %i by %i pixels', (dialect, width, height, tokens) => {
    expect(mediaTokens(media('image/png', { base64: png(width, height) }), dialect)).toBe(tokens);
  });

  test('of unknown size, and what is no image', () => {
    const url = { url: 'https://example.com/a.png' };
    expect(mediaTokens(media('image/*', url), 'anthropic-messages')).toBe(1399);
    expect(mediaTokens(media('image/png', { base64: 'AAAA' }), 'openai-chat')).toBe(765);
    expect(mediaTokens(media('application/pdf', url), 'gemini')).toBe(2250);
    const pdf = Buffer.from('%PDF <</Type /Pages>> <</Type/Page>> <</Type /Page >>');
    expect(
      mediaTokens(media('application/pdf', { base64: pdf.toString('base64') }), 'gemini'),
    ).toBe(4500);
    expect(mediaTokens(media('audio/mpeg', { base64: 'A'.repeat(4_000) }), 'gemini')).toBeCloseTo(
      7,
    );
    const text = Buffer.from(code).toString('base64');
    expect(mediaTokens(media('text/plain', { base64: text }), 'gemini')).toBeCloseTo(
      1 + textTokens(code),
    );
  });
});

const request = (changes: Partial<ModelRequest>): ModelRequest => ({
  model: 'm',
  stream: false,
  turns: [],
  tools: [],
  extras: { dialect: 'openai-chat', fields: {} },
  ...changes,
});

const part: fc.Arbitrary<Part> = fc.oneof(
  fc.record({ type: fc.constantFrom('text', 'refusal', 'reasoning'), text: fc.string() }),
  fc.record({
    type: fc.constant('tool-call' as const),
    id: fc.string(),
    name: fc.string(),
    argumentsJson: fc.string(),
  }),
  fc.record({
    type: fc.constant('tool-result' as const),
    callId: fc.string(),
    content: fc.array(fc.record({ type: fc.constant('text' as const), text: fc.string() })),
  }),
  fc.constant(media('image/png', { base64: png(640, 480) })),
);

describe('a request', () => {
  test('counts for more with every part and every tool', () => {
    fc.assert(
      fc.property(fc.array(part), part, fc.string(), (parts, more, name) => {
        const user = (list: readonly Part[]) => ({ role: 'user', parts: list }) as const;
        const before = inputTokens(request({ turns: [user(parts)] }));
        expect(Number.isSafeInteger(before) && before > 0).toBe(true);
        expect(inputTokens(request({ turns: [user([...parts, more])] }))).toBeGreaterThanOrEqual(
          before,
        );
        expect(inputTokens(request({ turns: [user(parts), user([])] }))).toBeGreaterThan(before);
        const tools = [{ kind: 'function', name, schema: { type: 'object' } }] as const;
        expect(inputTokens(request({ turns: [user(parts)], tools }))).toBeGreaterThan(before);
        const output = { type: 'json-schema', name, schema: { type: 'object' } } as const;
        expect(inputTokens(request({ turns: [user(parts)], output }))).toBeGreaterThan(before);
      }),
    );
  });
});
