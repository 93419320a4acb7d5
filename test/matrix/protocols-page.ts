import { generatedPart } from '../generated-part.ts';
import { markdown } from './table.ts';
import type { Table } from './table.ts';

const part = generatedPart('PROTOCOLS.md', 'npm run matrix -- --write');

/** The page that holds the table of the last run. */
export const protocolsPage = {
  /** The table as the page has it. */
  read: () => part.read(),
  write: (table: Table) => part.write(markdown(table)),
  /** The table as the page should have it. */
  within: (table: Table) => markdown(table).trim(),
};
