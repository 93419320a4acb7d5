// Fails when the kernel names a provider: in a literal, an identifier or a file's name. What a
// provider is, follows from the plugins' manifests and from the vendors' names below. The id of a
// dialect is taken where the compiler expects a `Dialect`, and nowhere else: to compare with one would
// be to treat it unlike the others. Comments may cite.
//
//   node test/layers/provider-names.mjs [FOLDER]     the repository, or a copy of it
import fs from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

const VENDORS = [
  ...['anthropic', 'claude', 'openai', 'chatgpt', 'gpt', 'codex', 'google', 'gemini', 'vertex'],
  ...['aistudio', 'mistral', 'deepseek', 'moonshot', 'kimi', 'qwen', 'xai', 'grok', 'groq'],
  ...['cohere', 'llama', 'ollama', 'openrouter', 'bedrock', 'azure', 'perplexity', 'copilot'],
  ...['ctonew', 'llmux', 'webai'],
];

const root = path.resolve(process.argv[2] ?? path.join(import.meta.dirname, '../..'));
const words = new Set([...VENDORS, ...pluginIds().map((id) => id.replaceAll('-', ''))]);
const longest = Math.max(...[...words].map((word) => word.length));
const found = [];

const program = kernelProgram();
const checker = program.getTypeChecker();
const dialects = dialectIds();
for (const source of program.getSourceFiles()) {
  const file = path.relative(root, source.fileName);
  if (!file.startsWith('packages/kernel/src/') || file.endsWith('.test.ts')) continue;
  report(file, 0, path.basename(file), 'the name of the file');
  visit(source, source, file);
}

for (const line of found) console.error(line);
if (found.length > 0) {
  console.error(`\nThe kernel names a provider ${found.length} times; it belongs into its plugin.`);
  process.exitCode = 1;
} else console.log('✔ the kernel names no provider');

function pluginIds() {
  return fs.readdirSync(path.join(root, 'plugins')).flatMap((folder) => {
    const file = path.join(root, 'plugins', folder, 'package.json');
    if (!fs.existsSync(file)) return [];
    const id = JSON.parse(fs.readFileSync(file, 'utf8')).cliproxyPlugin?.id;
    return id === undefined ? [folder] : [folder, id];
  });
}

function kernelProgram() {
  const file = path.join(root, 'packages/kernel/tsconfig.json');
  const { config } = ts.readConfigFile(file, ts.sys.readFile);
  const { options, fileNames } = ts.parseJsonConfigFileContent(config, ts.sys, path.dirname(file));
  return ts.createProgram(fileNames, { ...options, noEmit: true, composite: false });
}

function dialectIds() {
  const contract = program
    .getSourceFiles()
    .find(({ fileName }) => /\/plugin-api\/(?:src|dist)\/dialect(?:\.d)?\.ts$/u.test(fileName));
  const alias = contract?.statements.find(
    (statement) => ts.isTypeAliasDeclaration(statement) && statement.name.text === 'Dialect',
  );
  const ids = alias?.type.types?.map((type) => type.literal.text);
  if (!ids?.length) throw new Error('the type Dialect of plugin-api was not found; build first');
  return new Set(ids);
}

function visit(node, source, file) {
  if (ts.isIdentifier(node) || ts.isPrivateIdentifier(node)) {
    report(file, lineOf(node, source), node.text, 'the identifier');
  } else if (
    ts.isStringLiteralLike(node) ||
    ts.isTemplateHead(node) ||
    ts.isTemplateMiddleOrTemplateTail(node) ||
    ts.isRegularExpressionLiteral(node)
  ) {
    if (!isDialect(node)) report(file, lineOf(node, source), node.text, 'the literal');
  }
  ts.forEachChild(node, (child) => visit(child, source, file));
}

/** Where the compiler expects a dialect, its id is a word of the contract. */
function isDialect(node) {
  if (!ts.isStringLiteralLike(node) || !dialects.has(node.text)) return false;
  const expected = checker.getContextualType(node);
  if (expected === undefined) return false;
  const types = expected.isUnion() ? expected.types : [expected];
  const literals = types.filter((type) => type.isStringLiteral());
  return literals.length > 0 && literals.every(({ value }) => dialects.has(value));
}

function lineOf(node, source) {
  return source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
}

/** A name hides in `claudeModels`, `CLAUDE_3`, `open-ai/x` and `gpt5` alike. */
function report(file, line, text, what) {
  const parts =
    text
      .replaceAll(/([a-z])([A-Z])/gu, '$1 $2')
      .toLowerCase()
      .match(/[a-z]+/gu) ?? [];
  for (let start = 0; start < parts.length; start += 1) {
    let joined = '';
    for (let end = start; end < parts.length && joined.length <= longest; end += 1) {
      joined += parts[end];
      if (!words.has(joined)) continue;
      const shown = text.length > 60 ? `${text.slice(0, 60)}…` : text;
      found.push(`${file}:${line}: ${what} ${JSON.stringify(shown)} names "${joined}"`);
      return;
    }
  }
}
