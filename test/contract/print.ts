import { contractPage } from './contract-page.ts';
import { readContract } from './read-contract.ts';
import { renderContract } from './render-contract.ts';

try {
  const symbols = readContract();
  const page = await renderContract(symbols);
  if (process.argv.includes('--write')) contractPage.write(page);
  if (process.argv.includes('--json')) console.log(JSON.stringify(symbols, undefined, 2));
  else console.log(page);
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
