// What isolated instances are measured by: every plugin passes what it passes without isolation.
//   node --conditions=cliproxy-src --import ./test/matrix/load-typescript.mjs test/isolation/check-all.ts [NAME ...]
import { reportText } from '@cliproxy/plugin-testkit';
import { checkAll } from '../conformance/check-all.ts';
import { overBorder } from './over-border.ts';

const names = process.argv.slice(2);
const reports = await checkAll({
  names,
  onBegin: (name) => console.error(`checking ${name} …`),
  instead: overBorder,
});
console.log(reports.map(reportText).join('\n\n'));
const failed = reports.some(({ checks }) => checks.some(({ result }) => result === 'failed'));
process.exitCode = failed ? 1 : 0;
