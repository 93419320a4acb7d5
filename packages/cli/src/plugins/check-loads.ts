import { CommandError } from '../exit-codes.ts';
import { loadTestkit } from '../conformance/load-testkit.ts';

/**
 * Checks that a plugin loads, by all that the contract asks of that, where the checks are installed.
 *
 * @throws CommandError with what is wrong and what mends it.
 */
export async function checkLoads(folder: string, note: (text: string) => void): Promise<void> {
  let testkit;
  try {
    testkit = await loadTestkit(folder);
  } catch {
    note(
      'the checks of @cliproxy/plugin-testkit are not installed here: its manifest alone was checked',
    );
    return;
  }
  const report = await testkit.checkPackage(folder, { level: 'loads' });
  const failed = report.checks.filter(({ result }) => result === 'failed');
  if (failed.length === 0) return;
  throw new CommandError(
    `${report.package} ${report.version} does not load as the contract asks, and is not added:\n` +
      failed.map((one) => testkit.resultText(one)).join('\n'),
  );
}
