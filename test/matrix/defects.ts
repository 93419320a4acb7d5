/** A defect that other gateways are known for, and what shows that this one hasn't got it. */
export interface Defect {
  readonly name: string;
  /** Rows of the matrix: it is looked for in every pair. */
  readonly rows: readonly string[];
  /** A test of its own, by its file and the beginning of its name, for what a row can't show. */
  readonly shownBy?: { readonly file: string; readonly test: string };
}

const both = (name: string): readonly string[] => [name, `${name}, streamed`];

/** Every row also has its streams read by the grammar of its dialect. */
export const DEFECTS: readonly Defect[] = [
  { name: 'tool arguments arrive late, in one piece', rows: ['tools, streamed'] },
  {
    name: 'indexes of tool calls have holes',
    rows: ['parallel tools, streamed', 'thinking with tools, streamed'],
  },
  {
    name: 'the second text of a chunk is lost',
    rows: both('two texts in one answer'),
    shownBy: {
      file: 'test/defects/parts-of-a-chunk.test.ts',
      test: 'all of them reach a client of',
    },
  },
  {
    name: 'finish reasons that no client knows',
    rows: [...both('finish: length'), ...both('finish: refusal'), 'tools, streamed'],
  },
  { name: 'tool_choice: none is forgotten', rows: ['tool choice: none'] },
  { name: 'parallel_tool_calls is forgotten', rows: ['one tool at a time'] },
  { name: 'response_format does not reach Claude', rows: both('JSON schema') },
  { name: 'parameters vanish in silence', rows: ['parameter of one dialect alone'] },
  {
    name: 'a usage chunk that nobody asked for',
    rows: ['stream without usage', 'usage, streamed'],
  },
  { name: 'sums of tokens are wrong', rows: both('usage, cached and reasoning') },
  { name: 'addresses of images are dropped', rows: ['image by its address', 'image'] },
  {
    name: 'broken tool arguments in the history end the conversation',
    rows: ['arguments that are no JSON, in the history'],
  },
  {
    name: 'errors in the shape of another dialect',
    rows: ['400', '401', '404', '429', '500', 'overloaded', 'an HTML page', 'garbage'].flatMap(
      (name) => both(`error: ${name}`),
    ),
  },
  { name: '429 without Retry-After', rows: both('error: 429') },
  {
    name: 'a good status before the vendor has answered',
    rows: [...both('slow first byte'), 'error at once, inside a stream'],
  },
  {
    name: 'a slow reader fills the memory',
    rows: [],
    shownBy: { file: 'test/defects/back-pressure.test.ts', test: 'readers that stop make' },
  },
  {
    name: 'an unknown method of Gemini reaches a vendor',
    rows: [],
    shownBy: { file: 'test/defects/unknown-method.test.ts', test: 'a method that Gemini has not' },
  },
  {
    name: 'state that is half written is seen',
    rows: [],
    shownBy: {
      file: 'test/defects/atomic-state.test.ts',
      test: 'while accounts go out one after another',
    },
  },
  { name: 'an account is out for days', rows: both('error: 429 for ten days') },
  {
    name: 'errors in a stream look like its good end',
    rows: ['error in mid-stream', 'connection broken in mid-stream', 'stream ends without its end'],
  },
];
