import { reportText } from '@cliproxy/plugin-testkit';
import { providersPage, tableOf } from './providers-page.ts';
import { checkApart } from './check-apart.ts';

const reports = await checkApart((name) => console.error(`checking ${name} …`));
if (process.argv.includes('--write')) await providersPage.write(reports);
if (process.argv.includes('--json')) console.log(JSON.stringify(reports, undefined, 2));
else console.log([...reports.map(reportText), tableOf(reports)].join('\n\n'));
const failed = reports.some(({ checks }) => checks.some(({ result }) => result === 'failed'));
process.exitCode = failed ? 1 : 0;
