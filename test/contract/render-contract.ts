import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { chapters } from './chapters.ts';
import type { DocComment, DocTag } from './doc-comment.ts';
import type { ContractMember, ContractSymbol } from './read-contract.ts';

/** A symbol with the place on the page that links to it lead to. */
interface Placed extends ContractSymbol {
  readonly anchor: string;
}

/**
 * The reference as a page.
 *
 * @throws Error when a symbol, or a function of one, has no doc comment, or a file has no chapter.
 */
export async function renderContract(symbols: readonly ContractSymbol[]): Promise<string> {
  const faults = faultsOf(symbols);
  if (faults.length > 0) throw new Error(faults.join('\n'));
  const anchors = new Set<string>();
  const placed = new Map<string, Placed>();
  const order = chapters.map(({ title, about, files }) => {
    take(anchors, title);
    const members = files.flatMap((file) => symbols.filter((symbol) => symbol.file === file));
    for (const symbol of members) {
      placed.set(symbol.name, { ...symbol, anchor: take(anchors, symbol.name) });
    }
    return { title, about, names: members.map(({ name }) => name) };
  });
  const linked = (name: string): string => `[\`${name}\`](#${placed.get(name)?.anchor ?? ''})`;
  const text = [
    ...order.map(
      ({ title, names }) => `- [${title}](#${slug(title)}): ${names.map(linked).join(' ')}`,
    ),
    ...order.flatMap(({ title, about, names }) => [
      `\n## ${title}\n\n${about}`,
      ...names.flatMap((name) => symbolText(placed.get(name) as Placed, placed, linked)),
    ]),
  ].join('\n');
  const page = fileURLToPath(new URL('../../docs/CONTRACT.md', import.meta.url));
  const style = await resolveConfig(page);
  return (await format(text, { ...style, parser: 'markdown' })).trim();
}

/** What keeps the page from being written, a sentence each. */
function faultsOf(symbols: readonly ContractSymbol[]): readonly string[] {
  const files = new Set(chapters.flatMap((chapter) => chapter.files));
  return symbols.flatMap(({ file, name, doc, members }) => {
    const where = `packages/plugin-api/src/${file}.ts: ${name}`;
    const bare = members.filter((member) => member.callable && member.doc === undefined);
    return [
      ...(files.has(file) ? [] : [`${where}: name the file in test/contract/chapters.ts`]),
      ...(doc === undefined ? [`${where} has no doc comment; say what it means`] : []),
      ...bare.map((member) => `${where}.${member.name} has no doc comment; say what it does`),
    ];
  });
}

function symbolText(
  symbol: Placed,
  placed: ReadonlyMap<string, Placed>,
  linked: (name: string) => string,
): readonly string[] {
  const { name, signature, members } = symbol;
  const doc = symbol.doc as DocComment;
  const known = [...placed.keys()];
  const links = (text: string): string => linksIn(text, linked, placed);
  const uses = known.filter((other) => other !== name && mentions(signature, other));
  const usedBy = known.filter(
    (other) => other !== name && mentions(placed.get(other)?.signature ?? '', name),
  );
  const explained = members.filter((member) => member.doc !== undefined);
  return [
    `\n### ${name}\n\n${links(doc.summary)}\n`,
    `\`\`\`ts\n${signature}\n\`\`\`\n`,
    ...(explained.length === 0
      ? []
      : [
          '| member | meaning |\n| --- | --- |',
          ...explained.map((member) => `| \`${member.name}\` | ${cell(member, links)} |`),
          '',
        ]),
    ...doc.tags.map((tag) => tagText(tag, links)),
    [
      ...(uses.length === 0 ? [] : [`Uses ${uses.map(linked).join(', ')}.`]),
      ...(usedBy.length === 0 ? [] : [`Used by ${usedBy.map(linked).join(', ')}.`]),
      '',
    ].join('\n'),
  ];
}

/** A member's doc comment on one line. */
function cell({ doc }: ContractMember, links: (text: string) => string): string {
  const { summary, tags } = doc as DocComment;
  const blocks = [summary, ...tags.map((tag) => tagText(tag, (text) => text))];
  return links(blocks.filter((block) => block !== '').join('\n\n'))
    .replaceAll('|', '\\|')
    .trim()
    .replaceAll(/\n\s*\n\s*/gu, '<br>')
    .replaceAll(/\s*\n\s*/gu, ' ');
}

function tagText({ name, text }: DocTag, links: (text: string) => string): string {
  if (name === 'example') return `${text}\n`;
  const [, parameter = '', rest = ''] = /^(\S+)\s+(?:-\s+)?([\s\S]*)$/u.exec(text) ?? [];
  const said: Readonly<Record<string, string>> = {
    param: `\`${parameter}\`: ${rest}`,
    typeParam: `\`${parameter}\`: ${rest}`,
    throws: `Throws ${text.replace(/^GatewayError\b/u, '[`GatewayError`](#gatewayerror)')}`,
    returns: `Returns ${text}`,
    see: `See ${text}`,
    experimental: `**Experimental**: may change with any minor version. ${text}`,
    deprecated: `**Deprecated**: ${text}`,
  };
  return `${links(said[name] ?? text)}\n`;
}

/** `{@link Symbol}` and `{@link Symbol.member}` lead to the symbol's place. */
function linksIn(
  text: string,
  linked: (name: string) => string,
  placed: ReadonlyMap<string, Placed>,
): string {
  return text.replaceAll(/\{@link ([\w.]+)\}/gu, (_all, target: string) => {
    const [name = ''] = target.split('.');
    if (!placed.has(name)) throw new Error(`{@link ${target}} leads nowhere`);
    return linked(name).replace(`\`${name}\``, `\`${target}\``);
  });
}

function mentions(text: string, name: string): boolean {
  return new RegExp(`(?<![\\w$'".])${name}(?![\\w$'"?:(])|(?<=typeof )${name}`, 'u').test(text);
}

/** A heading's place, as GitHub names it; later ones of the same name are counted. */
function take(anchors: Set<string>, title: string): string {
  const name = slug(title);
  let anchor = name;
  for (let count = 1; anchors.has(anchor); count += 1) anchor = `${name}-${count}`;
  anchors.add(anchor);
  return anchor;
}

function slug(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}
