import { setTimeout as sleep } from 'node:timers/promises';
import { startTestGateway, startVendor } from '@cliproxy/plugin-testkit';
import type { TestGateway, Vendor } from '@cliproxy/plugin-testkit';
import { cell, NoWordsError } from './cell.ts';
import type { Cell } from './cell.ts';
import { checkExchanges } from './check-exchanges.ts';
import type { Exchange } from './exchange.ts';
import { API_KEY } from './pair.ts';
import type { Pair } from './pair.ts';
import type { Scenario } from './scenario.ts';

/** How a cell came out. */
export interface Outcome {
  readonly scenario: string;
  readonly pair: Pair;
  readonly verdict: 'right' | 'cannot' | 'wrong';
  /** Why not, or what the reader must know of one that is right. */
  readonly note: string | undefined;
  /** What the client got. */
  readonly exchanges: readonly Exchange[];
  /** Bodies that the vendor was sent. */
  readonly asked: readonly unknown[];
}

/** Cells of one gateway that are tried at a time. */
const AT_ONCE = 8;
/** None takes nearly so long; one that hangs must not hang the others. */
const CELL_LIMIT_MS = 30_000;

/** Tries every scenario in every pair; pairs one after another, each with a gateway of its own. */
export async function runMatrix(
  pairs: readonly Pair[],
  scenarios: readonly Scenario[],
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const pair of pairs) outcomes.push(...(await runPair(pair, scenarios)));
  return outcomes;
}

interface Stage {
  readonly scenario: Scenario;
  readonly vendor: Vendor;
  readonly instanceId: string;
}

/** Every cell has a vendor and an instance of its own: what one breaks, no other sees. */
async function runPair(pair: Pair, scenarios: readonly Scenario[]): Promise<readonly Outcome[]> {
  const { provider } = pair;
  const stages: readonly Stage[] = await Promise.all(
    scenarios.map(async (scenario, row) => ({
      scenario,
      vendor: await startVendor(provider.dialect, { apiKey: API_KEY, ...provider.vendor }),
      instanceId: `row-${row}`,
    })),
  );
  const gateway = await startTestGateway({
    plugins: stages.map(({ vendor, instanceId }) => ({
      ...provider.mount(vendor.url),
      instanceId,
    })),
  });
  try {
    const waiting = [...stages.entries()];
    const outcomes: Outcome[] = [];
    const work = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const [row, stage] = next;
        outcomes[row] = await runCell(pair, stage, gateway);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    return outcomes;
  } finally {
    await gateway.stop();
    await Promise.all(stages.map(({ vendor }) => vendor.close()));
  }
}

async function runCell(pair: Pair, stage: Stage, gateway: TestGateway): Promise<Outcome> {
  const { scenario, vendor, instanceId } = stage;
  const reason = scenario.cannot?.(pair);
  const tried = cell(pair, vendor, `${instanceId}/${pair.provider.model}`, gateway);
  const outcome = {
    scenario: scenario.name,
    pair,
    exchanges: tried.exchanges,
  };
  if (reason !== undefined) return { ...outcome, verdict: 'cannot', note: reason, asked: [] };
  const asked = () => vendor.requests.flatMap(({ body }) => (body === undefined ? [] : [body]));
  try {
    const note = await inTime(scenario.run(tried));
    checkAfterwards(tried);
    return { ...outcome, verdict: 'right', note, asked: asked() };
  } catch (error) {
    if (error instanceof NoWordsError) {
      return { ...outcome, verdict: 'cannot', note: error.message, asked: asked() };
    }
    return { ...outcome, verdict: 'wrong', note: describe(error, tried), asked: asked() };
  }
}

function checkAfterwards({ vendor, model, client, exchanges }: Cell): void {
  if (vendor.violations.length > 0) throw new Error(vendor.violations.join('; '));
  checkExchanges(client.dialect, model, exchanges);
}

async function inTime<T>(work: Promise<T>): Promise<T> {
  const late = new AbortController();
  const limit = sleep(CELL_LIMIT_MS, undefined, { signal: late.signal }).then(() => {
    throw new Error(`not over after ${CELL_LIMIT_MS / 1000} s`);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    late.abort();
    limit.catch(() => undefined);
  }
}

function describe(error: unknown, { vendor }: Cell): string {
  const what = error instanceof Error ? error.message : String(error);
  return [what, ...vendor.violations].join('; ');
}
