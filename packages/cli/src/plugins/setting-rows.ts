/** One setting of a plugin, for people. */
export interface SettingRow {
  /** As in the configuration; those within others with dots, those of lists with []. */
  readonly name: string;
  readonly type: string;
  /** Absent: it has none. */
  readonly default?: string;
  readonly required: boolean;
  /** True: it is masked wherever it would be shown. */
  readonly secret: boolean;
  readonly description: string;
}

type Schema = Readonly<Record<string, unknown>>;

const MAX_DEPTH = 4;

/** The settings that a JSON Schema allows, in its own order, inner ones after their outer. */
export function settingRows(schema: object): readonly SettingRow[] {
  return rowsOf(schema as Schema, '', 0);
}

function rowsOf(schema: Schema, before: string, depth: number): readonly SettingRow[] {
  if (depth > MAX_DEPTH) return [];
  const required = Array.isArray(schema['required']) ? (schema['required'] as unknown[]) : [];
  return Object.entries((schema['properties'] ?? {}) as Readonly<Record<string, Schema>>).flatMap(
    ([key, value]): readonly SettingRow[] => {
      const name = before + key;
      const items = schemaOf(value['items']);
      const secret = value['writeOnly'] === true || items?.['writeOnly'] === true;
      const description = textOf(value['description']);
      const row = {
        name,
        type: typeOf(value),
        ...(value['default'] !== undefined && { default: JSON.stringify(value['default']) }),
        required: required.includes(key),
        secret,
        description: secret ? `${description} (secret)`.trim() : description,
      };
      return [
        row,
        ...rowsOf(value, `${name}.`, depth + 1),
        ...(items === undefined ? [] : rowsOf(items, `${name}[].`, depth + 1)),
      ];
    },
  );
}

function typeOf(schema: Schema): string {
  const { type, enum: values, items, anyOf, oneOf } = schema;
  if (schema['const'] !== undefined) return JSON.stringify(schema['const']);
  if (Array.isArray(values)) return values.map((one) => String(one)).join('|');
  const inner = schemaOf(items);
  if (type === 'array' && inner !== undefined) return `list of ${typeOf(inner)}`;
  if (typeof type === 'string') return type;
  if (Array.isArray(type)) return type.join('|');
  const choices = [anyOf, oneOf].find((one) => Array.isArray(one)) as
    readonly unknown[] | undefined;
  const types = (choices ?? []).flatMap((one) => {
    const choice = schemaOf(one);
    return choice === undefined ? [] : [typeOf(choice)];
  });
  return [...new Set(types)].join('|') || 'any';
}

function schemaOf(value: unknown): Schema | undefined {
  const isOne = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isOne ? (value as Schema) : undefined;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
