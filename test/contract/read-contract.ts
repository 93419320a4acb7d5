import path from 'node:path';
import ts from 'typescript';
import { docCommentOf } from './doc-comment.ts';
import type { DocComment } from './doc-comment.ts';

/** A symbol that the contract exports. */
export interface ContractSymbol {
  readonly name: string;
  /** The file that it stands in, such as `executor`. */
  readonly file: string;
  readonly doc: DocComment | undefined;
  /** Its declaration without doc comments at the first level. */
  readonly signature: string;
  readonly members: readonly ContractMember[];
}

/** A field or a function of a symbol. */
export interface ContractMember {
  readonly name: string;
  readonly callable: boolean;
  readonly doc: DocComment | undefined;
}

const folder = path.resolve(import.meta.dirname, '../../packages/plugin-api/src');

/** Constants with more members than this are tables; they are told by their first ones. */
const TABLE_FROM = 12;

/** Every symbol of plugin-api's index, in the order of the files' text. */
export function readContract(): readonly ContractSymbol[] {
  const declared = declarations();
  return exportsOf(declared('index')).flatMap(({ file, names }) =>
    symbolsOf(declared(file), file).filter(({ name }) => names.has(name)),
  );
}

/** The declarations of the sources, as the compiler writes them for a package. */
function declarations(): (file: string) => ts.SourceFile {
  const { config } = ts.readConfigFile(path.join(folder, '../tsconfig.json'), (file) =>
    ts.sys.readFile(file),
  );
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, path.dirname(folder));
  // What is not ours need not be known: it is written as the sources have it.
  const quick = { composite: false, incremental: false, declarationMap: false, types: [] };
  const program = ts.createProgram([path.join(folder, 'index.ts')], {
    ...options,
    ...quick,
    emitDeclarationOnly: true,
    noCheck: true,
  });
  const written = new Map<string, string>();
  program.emit(undefined, (file, text) => written.set(path.basename(file, '.d.ts'), text));
  return (file) => {
    const text = written.get(file);
    if (text === undefined) throw new Error(`packages/plugin-api/src/${file}.ts was not compiled`);
    return ts.createSourceFile(`${file}.d.ts`, text, ts.ScriptTarget.Latest, true);
  };
}

function exportsOf(index: ts.SourceFile): readonly { file: string; names: Set<string> }[] {
  const byFile = new Map<string, Set<string>>();
  for (const statement of index.statements) {
    if (!ts.isExportDeclaration(statement) || statement.moduleSpecifier === undefined) continue;
    const file = path.basename((statement.moduleSpecifier as ts.StringLiteral).text, '.ts');
    const names = byFile.get(file) ?? new Set();
    if (statement.exportClause !== undefined && ts.isNamedExports(statement.exportClause)) {
      for (const { name } of statement.exportClause.elements) names.add(name.text);
    }
    byFile.set(file, names);
  }
  return [...byFile].map(([file, names]) => ({ file, names }));
}

function symbolsOf(source: ts.SourceFile, file: string): readonly ContractSymbol[] {
  return source.statements.flatMap((statement): ContractSymbol[] => {
    const doc = docCommentOf(statement);
    if (ts.isInterfaceDeclaration(statement)) {
      const name = statement.name.text;
      const { nodes, head } = interfaceOf(statement, source);
      return [{ name, file, doc, ...blockOf(head, nodes) }];
    }
    if (ts.isClassDeclaration(statement)) {
      const name = statement.name?.text ?? '';
      const parents = (statement.heritageClauses ?? []).map((clause) => ` ${clause.getText()}`);
      return [
        { name, file, doc, ...blockOf(`class ${name}${parents.join('')}`, statement.members) },
      ];
    }
    if (ts.isVariableStatement(statement)) {
      return statement.declarationList.declarations.map((declaration) => {
        const name = declaration.name.getText();
        return { name, file, doc, ...constantOf(name, declaration) };
      });
    }
    if (ts.isTypeAliasDeclaration(statement) || ts.isFunctionDeclaration(statement)) {
      const name = statement.name?.text ?? '';
      return [{ name, file, doc, signature: bare(statement), members: [] }];
    }
    return [];
  });
}

/** What stands in a base that is not exported belongs to the interface itself. */
function interfaceOf(node: ts.InterfaceDeclaration, source: ts.SourceFile) {
  const bases = node.heritageClauses?.flatMap(({ types }) => [...types]) ?? [];
  const hidden = source.statements.filter(
    (other): other is ts.InterfaceDeclaration =>
      ts.isInterfaceDeclaration(other) &&
      !other.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) &&
      bases.some((base) => base.getText() === other.name.text),
  );
  const shown = bases.filter((base) => !hidden.some(({ name }) => name.text === base.getText()));
  const parameters = node.typeParameters?.map((one) => one.getText()).join(', ');
  const head =
    `interface ${node.name.text}${parameters === undefined ? '' : `<${parameters}>`}` +
    (shown.length > 0 ? ` extends ${shown.map((base) => base.getText()).join(', ')}` : '');
  return { head, nodes: [...node.members, ...hidden.flatMap(({ members }) => [...members])] };
}

function constantOf(name: string, declaration: ts.VariableDeclaration) {
  const { type, initializer } = declaration;
  const [argument] = type && ts.isTypeReferenceNode(type) ? (type.typeArguments ?? []) : [];
  if (argument === undefined || !ts.isTypeLiteralNode(argument)) {
    const shown = type ? `: ${type.getText()}` : initializer ? ` = ${initializer.getText()}` : '';
    return { signature: `const ${name}${shown};`, members: [] };
  }
  const { members } = argument;
  if (members.length > TABLE_FROM && ts.isTypeReferenceNode(type as ts.TypeNode)) {
    const first = members.slice(0, 2).map((member) => bare(member));
    const lines = [...first, `// and ${members.length - first.length} more`];
    return { signature: `const ${name}: {\n${lines.join('\n')}\n};`, members: [] };
  }
  return blockOf(`const ${name}:`, members);
}

function blockOf(head: string, nodes: Iterable<ts.TypeElement | ts.ClassElement>) {
  const all = [...nodes];
  const lines = all.map((member) => bare(member));
  return {
    signature: `${head} {\n${lines.join('\n')}\n}`,
    members: all.map((member) => ({
      name: member.name?.getText() ?? 'constructor',
      callable: ts.isMethodSignature(member) || ts.isMethodDeclaration(member),
      doc: docCommentOf(member),
    })),
  };
}

/** Its text without its own doc comment, and without the words of a declaration file. */
function bare(node: ts.Node): string {
  return node
    .getText()
    .replace(/^export /u, '')
    .replace(/^declare /u, '');
}
