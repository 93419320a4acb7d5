// Reads a page as a person works through it: what to write into which file, and what to run.

/** Blocks that are files say so in their first line: `// src/x.ts` or `# x.yaml`. */
const FILE_LINE = /^(?:\/\/|#) ([\w./-]+\.\w+)$/u;
const BLOCK = /^```(\w+)\n([\s\S]*?)^```$/gmu;

/**
 * The steps of a page, in their order.
 *
 * @param {string} page - Markdown.
 * @returns {{ heading: string, file?: string, text: string }[]} with `file`, what to write into it;
 *   else what a shell runs.
 */
export function stepsOf(page) {
  const steps = [];
  for (const match of page.matchAll(BLOCK)) {
    const [, language, text] = match;
    const heading = headingBefore(page, match.index);
    const [first = ''] = text.split('\n');
    const file = FILE_LINE.exec(first)?.[1];
    if (language === 'sh') steps.push({ heading, text });
    else if (file !== undefined) steps.push({ heading, file, text });
  }
  return steps;
}

/**
 * All steps as one script of a shell, so that what one exports is there in the next.
 *
 * @param {ReturnType<typeof stepsOf>} steps
 * @param {string} mark - printed with the number of a step before it begins, alone on its line.
 */
export function scriptOf(steps, mark) {
  // What came before may have ended in the midst of a line.
  const told = (at) => `printf '\\n%s %s\\n' ${mark} ${at}`;
  const parts = steps.map(({ file, text }, at) => {
    const work = file === undefined ? text : `cat >${file} <<'${mark}'\n${text}${mark}\n`;
    return `${told(at)}\n${work}`;
  });
  return [
    'set -euo pipefail',
    // What the page runs in the background ends with it.
    `trap 'kill $(jobs -p) 2>/dev/null || true' EXIT`,
    ...parts,
    told(steps.length),
  ].join('\n');
}

function headingBefore(page, index) {
  const headings = [...page.slice(0, index).matchAll(/^## (.+)$/gmu)];
  return headings.at(-1)?.[1] ?? '';
}
