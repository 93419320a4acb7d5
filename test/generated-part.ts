import { readFileSync, writeFileSync } from 'node:fs';

/** The part of a page in docs/ that a command writes; what stands around it is written by hand. */
export interface GeneratedPart {
  /** As the page has it, without the space around it. */
  read(): string;
  write(text: string): void;
}

/**
 * @param page - its name within docs/.
 * @param command - the command that writes it; it stands in the marks around the part.
 */
export function generatedPart(page: string, command: string): GeneratedPart {
  const file = new URL(`../docs/${page}`, import.meta.url);
  const begin = `<!-- begin of what \`${command}\` writes -->`;
  const end = `<!-- end of what \`${command}\` writes -->`;
  const parts = () => {
    const text = readFileSync(file, 'utf8');
    const from = text.indexOf(begin) + begin.length;
    const to = text.indexOf(end);
    if (from < begin.length || to < from) throw new Error(`docs/${page} has no ${begin}`);
    return { before: text.slice(0, from), part: text.slice(from, to), after: text.slice(to) };
  };
  return {
    read: () => parts().part.trim(),
    write: (text) => {
      const { before, after } = parts();
      writeFileSync(file, `${before}\n\n${text.trim()}\n\n${after}`);
    },
  };
}
