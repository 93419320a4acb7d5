import ts from 'typescript';

/** A doc comment, taken apart. */
export interface DocComment {
  /** What stands before the first tag. */
  readonly summary: string;
  readonly tags: readonly DocTag[];
}

/** A block tag with what follows it. */
export interface DocTag {
  readonly name: string;
  readonly text: string;
}

/** Tags stand at the beginning of a line, or after a sentence. */
const TAG =
  /(?:^|(?<=\s))@(throws|returns|param|typeParam|see|example|deprecated|experimental)\b/mu;

/** The doc comment of a declaration; undefined where it has none, or an empty one. */
export function docCommentOf(node: ts.Node): DocComment | undefined {
  const source = node.getSourceFile().text;
  const range = ts
    .getLeadingCommentRanges(source, node.getFullStart())
    ?.filter(({ pos }) => source.startsWith('/**', pos))
    .at(-1);
  if (range === undefined) return undefined;
  const text = source
    .slice(range.pos + 3, range.end - 2)
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/u, ''))
    .join('\n')
    .trim();
  const [summary = '', ...pieces] = text.split(TAG);
  const tags: DocTag[] = [];
  for (let at = 0; at < pieces.length; at += 2) {
    tags.push({ name: pieces[at] ?? '', text: (pieces[at + 1] ?? '').trim() });
  }
  return summary === '' && tags.length === 0 ? undefined : { summary: summary.trim(), tags };
}
