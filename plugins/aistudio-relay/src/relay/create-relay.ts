import type {
  AccountRegistry,
  HealthProbe,
  Logger,
  SocketEndpoint,
  WireExecutor,
} from '@cliproxy/plugin-api';
import { apiRoot } from '../config.ts';
import type { AistudioRelayConfig } from '../config.ts';
import { pageExecutor } from '../executor.ts';
import { pageProbe } from '../page-probe.ts';
import { Pages } from './pages.ts';
import { relayEndpoint, RELAY_PATH } from './relay-endpoint.ts';
import { RelayTokens } from './relay-tokens.ts';
import type { RelayView } from './relay-view.ts';

/** What a relay is made of. */
export interface RelayOptions {
  readonly instanceId: string;
  readonly config: Pick<
    AistudioRelayConfig,
    'relayTokens' | 'origins' | 'baseUrl' | 'maxMessageMb'
  >;
  readonly accounts: AccountRegistry;
  readonly logger: Logger;
  readonly clock: { now(): number };
  /** Why the page of a profile is not there, where the gateway itself opens it. */
  readonly whyAway?: (profile: string) => string | undefined;
}

/** A relay, as the plugin hands it on. */
export interface Relay {
  readonly endpoint: SocketEndpoint;
  readonly executor: WireExecutor;
  readonly probe: HealthProbe;
  readonly view: RelayView;
}

/** Puts a relay together. */
export function createRelay(options: RelayOptions): Relay {
  const { instanceId, config, accounts, logger, clock } = options;
  const now = (): number => clock.now();
  const tokens = new RelayTokens(config.relayTokens, now);
  const pages = new Pages({ instanceId, accounts, logger });
  return {
    endpoint: relayEndpoint({
      origins: config.origins,
      maxMessageBytes: Math.floor(config.maxMessageMb * 1024 * 1024),
      tokens,
      pages,
      now,
    }),
    executor: pageExecutor(apiRoot(config), pages),
    probe: pageProbe(pages, options.whyAway),
    view: {
      path: RELAY_PATH,
      issueTicket: (profile) => tokens.issueTicket(profile).ticket,
      pageOf: (profile) => pages.ofProfile(profile),
      onChange: (listener) => pages.onChange(listener),
    },
  };
}
