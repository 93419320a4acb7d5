/** What every command can do with its terminal. */
export interface Printer {
  /** The command's result: JSON with `--json`, otherwise the text. */
  result(data: unknown, text: string): void;
  /** Progress and hints; on standard error, silent with `--json`. */
  note(text: string): void;
}

/** @param json - what `--json` gave; absent counts as false. */
export function createPrinter(json = false): Printer {
  return {
    result: (data, text) => {
      if (json) printJson(data);
      else process.stdout.write(`${text}\n`);
    },
    note: (text) => {
      if (!json) process.stderr.write(`${text}\n`);
    },
  };
}

/** Prints a value as JSON. */
export function printJson(data: unknown): void {
  process.stdout.write(`${JSON.stringify(data, undefined, 2)}\n`);
}

/** Rows as columns of equal width; the first row is the heading. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
