// `npm run check`: the checks of src/conformance.test.ts without a test runner, and the level reached.
// Writes conformance.svg, a badge for the README.
import { writeFileSync } from 'node:fs';
import { checkPackage, reportBadge, reportText } from '@cliproxy/plugin-testkit';

const report = await checkPackage(import.meta.dirname);
console.log(reportText(report));
writeFileSync(new URL('conformance.svg', import.meta.url), reportBadge(report));
process.exitCode = report.checks.some(({ result }) => result === 'failed') ? 1 : 0;
