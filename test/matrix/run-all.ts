import { aiSdk } from './clients/ai-sdk.ts';
import { CLIENTS, PROVIDERS } from './pair.ts';
import type { Pair } from './pair.ts';
import { runMatrix } from './run-matrix.ts';
import type { Outcome } from './run-matrix.ts';
import { SCENARIOS } from './scenarios/scenarios.ts';

/** What the second SDK is for: it reads answers by other code. */
const SECOND =
  /^(?:text|tools|parallel|tool choice|image|40|JSON|thinking|usage|connection|error: (?:400|429|500))/u;

/** The whole of the matrix. */
export async function runAll(): Promise<readonly Outcome[]> {
  const second = SCENARIOS.filter(({ name }) => SECOND.test(name));
  return [
    ...(await runMatrix(pairsOf(CLIENTS), SCENARIOS)),
    ...(await runMatrix(pairsOf(aiSdk), second)),
  ];
}

function pairsOf(clients: typeof CLIENTS): readonly Pair[] {
  return clients.flatMap((client) => PROVIDERS.map((provider) => ({ client, provider })));
}
