// `npm run check`: the checks of src/conformance.test.ts without a test runner, and the level reached.
// Writes conformance.svg, a badge for the README.
import { writeFileSync } from 'node:fs';
import { checkPackage, reportBadge, reportText } from '@cliproxy/plugin-testkit';

const report = await checkPackage(import.meta.dirname).catch((error) => {
  console.error(error.message);
  process.exit(1);
});
console.log(reportText(report));
writeFileSync(new URL('conformance.svg', import.meta.url), reportBadge(report));
// At once: what a plugin has left behind must not keep this from ending.
process.exit(report.checks.some(({ result }) => result === 'failed') ? 1 : 0);
