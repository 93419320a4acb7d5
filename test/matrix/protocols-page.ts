import { readFileSync, writeFileSync } from 'node:fs';
import { markdown } from './table.ts';
import type { Table } from './table.ts';

const FILE = new URL('../../docs/PROTOCOLS.md', import.meta.url);
const BEGIN = '<!-- begin of what `npm run matrix -- --write` writes -->';
const END = '<!-- end of what `npm run matrix -- --write` writes -->';

/** The page that holds the table of the last run. */
export const protocolsPage = {
  /** The table as the page has it. */
  read(): string {
    return parts().table;
  },
  write(table: Table): void {
    const { before, after } = parts();
    writeFileSync(FILE, before + within(table) + after);
  },
  /** The table as the page should have it. */
  within,
};

function within(table: Table): string {
  return `\n\n${markdown(table)}\n`;
}

function parts() {
  const page = readFileSync(FILE, 'utf8');
  const from = page.indexOf(BEGIN) + BEGIN.length;
  const to = page.indexOf(END);
  if (from < BEGIN.length || to < from) throw new Error(`docs/PROTOCOLS.md has no ${BEGIN}`);
  return { before: page.slice(0, from), table: page.slice(from, to), after: page.slice(to) };
}
