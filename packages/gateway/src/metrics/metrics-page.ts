import type { HealthSnapshot } from '@cliproxy/kernel';
import type * as PromClient from 'prom-client';
import type { EventMetrics } from './event-metrics.ts';
import { stateMetrics } from './state-metrics.ts';

/** A page of metrics, as Prometheus reads it. */
export interface MetricsPage {
  readonly contentType: string;
  readonly body: string;
}

/**
 * Writes pages of metrics. What does the writing, and looks after the process itself, is imported
 * when the first page is asked for: whoever has no Prometheus does not pay for it.
 *
 * @param health - how everything stands.
 */
export function createMetricsPage(
  events: EventMetrics,
  health: () => HealthSnapshot,
  version: string,
): () => Promise<MetricsPage> {
  let writer: Promise<PageWriter> | undefined;
  return async () => {
    writer ??= openWriter();
    const { client, process: own } = await writer;
    const ours = client.AggregatorRegistry.aggregate([
      [...events.metrics(), ...stateMetrics(health(), version)].map((metric) => ({
        ...metric,
        aggregator: 'first',
      })),
    ]);
    return { contentType: own.contentType, body: (await ours.metrics()) + (await own.metrics()) };
  };
}

interface PageWriter {
  readonly client: typeof PromClient;
  /** What Node tells of the process. */
  readonly process: PromClient.Registry;
}

async function openWriter(): Promise<PageWriter> {
  const { default: client } = (await import('prom-client')) as unknown as {
    readonly default: typeof PromClient;
  };
  const registry = new client.Registry();
  client.collectDefaultMetrics({ register: registry });
  return { client, process: registry };
}
