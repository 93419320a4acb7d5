import type { Dialect } from '@cliproxy/plugin-api';
import type { Outcome } from './run-matrix.ts';

/** The run as a reader sees it. */
export interface Table {
  readonly columns: readonly {
    readonly client: string;
    readonly from: string;
    readonly to: string;
  }[];
  readonly rows: readonly { readonly scenario: string; readonly cells: readonly TableCell[] }[];
  /** Numbered from 1, as the cells refer to them. */
  readonly notes: readonly string[];
}

/** Undefined: not tried with this client. */
type TableCell = { readonly sign: '✓' | '–' | '✗'; readonly note?: number } | undefined;

const SIGNS = { right: '✓', cannot: '–', wrong: '✗' } as const;

/** Short names, for heads of columns. */
const SHORT: Readonly<Record<Dialect, string>> = {
  'openai-chat': 'chat',
  'openai-responses': 'responses',
  'anthropic-messages': 'anthropic',
  gemini: 'gemini',
};

/** Puts outcomes in rows and columns, both in the order in which they first came. */
export function tableOf(outcomes: readonly Outcome[]): Table {
  const columns = new Map<string, Table['columns'][number]>();
  const rows = new Map<string, Map<string, TableCell>>();
  const notes: string[] = [];
  for (const { scenario, pair, verdict, note } of outcomes) {
    const { client, provider } = pair;
    const key = [client.name, client.dialect, provider.dialect].join(' ');
    columns.set(key, {
      client: client.name,
      from: SHORT[client.dialect],
      to: SHORT[provider.dialect],
    });
    if (note !== undefined && !notes.includes(note)) notes.push(note);
    const cells = rows.get(scenario) ?? new Map<string, TableCell>();
    rows.set(scenario, cells);
    cells.set(key, {
      sign: SIGNS[verdict],
      ...(note !== undefined && { note: notes.indexOf(note) + 1 }),
    });
  }
  return {
    columns: [...columns.values()],
    rows: [...rows].map(([scenario, cells]) => ({
      scenario,
      cells: [...columns.keys()].map((key) => cells.get(key)),
    })),
    notes,
  };
}

/** For a terminal. */
export function plain(table: Table): string {
  const lines = blocksOf(table).flatMap(({ title, header, rows }) => [
    '',
    title,
    ...padded([header, ...rows]).map((cells) => cells.join('  ').trimEnd()),
  ]);
  const notes = table.notes.map((note, i) => `${String(i + 1).padStart(3)}  ${note}`);
  return [...lines, '', ...notes, ''].join('\n');
}

/** For a page, laid out as the formatter of the repository does it. */
export function markdown(table: Table): string {
  const lines = blocksOf(table).flatMap(({ title, header, rows }) => {
    const [head = [], ...body] = padded([header, ...rows]);
    const rule = head.map((cell) => '-'.repeat(cell.length));
    return [
      `### ${title}`,
      '',
      ...[head, rule, ...body].map((cells) => `| ${cells.join(' | ')} |`),
      '',
    ];
  });
  return [...lines, ...table.notes.map((note, i) => `${i + 1}. ${note}`), ''].join('\n');
}

interface Block {
  readonly title: string;
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** One per client: what it asks for, by whom it is answered. */
function blocksOf({ columns, rows }: Table): readonly Block[] {
  const titles = [...new Set(columns.map(({ client, from }) => titleOf(client, from)))];
  return titles.map((title) => {
    const mine = columns.flatMap(({ client, from }, i) =>
      titleOf(client, from) === title ? [i] : [],
    );
    return {
      title,
      header: ['', ...mine.map((i) => `→ ${columns[i]?.to ?? ''}`)],
      rows: rows
        .filter(({ cells }) => mine.some((i) => cells[i] !== undefined))
        .map(({ scenario, cells }) => [scenario, ...mine.map((i) => written(cells[i]))]),
    };
  });
}

function titleOf(client: string, from: string): string {
  return `From ${from}, by \`${client}\``;
}

function written(cell: TableCell): string {
  if (cell === undefined) return '';
  return cell.note === undefined ? cell.sign : `${cell.sign} ${cell.note}`;
}

function padded(rows: readonly (readonly string[])[]): string[][] {
  const widths = (rows[0] ?? []).map((_, i) =>
    Math.max(3, ...rows.map((row) => (row[i] ?? '').length)),
  );
  return rows.map((row) => row.map((cell, i) => cell.padEnd(widths[i] ?? 0)));
}
