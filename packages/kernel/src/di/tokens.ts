import type { GatewayAddress } from '@cliproxy/plugin-api';
import type { AccountHandle } from '../accounts/account-handle.ts';
import type { FaultBook } from '../faults/fault-book.ts';
import type { UpstreamPools } from '../http/upstream-pools.ts';
import type { PluginImporter } from '../plugins/import-plugin.ts';
import type { Clock } from '../ports/clock.ts';
import type { CredentialStore } from '../ports/credential-store.ts';
import type { Loggers } from '../ports/loggers.ts';
import type { SchemaChecker } from '../ports/schema-checker.ts';
import type { SecretRegistry } from '../ports/secret-registry.ts';
import type { SupervisorRoom } from '../supervisor/supervisor-room.ts';

/** A typed name for a thing in a container. A plugin's `ServiceRef` is one, too. */
export interface Token<T> {
  readonly id: string;
  /** Carries the type; never present. */
  readonly __type?: (_: T) => T;
}

function token<T>(id: string): Token<T> {
  return Object.freeze({ id });
}

/** What the kernel's own parts are known by. */
export const tokens = Object.freeze({
  address: token<GatewayAddress>('kernel/address'),
  checker: token<SchemaChecker>('kernel/checker'),
  clock: token<Clock>('kernel/clock'),
  credentials: token<CredentialStore>('kernel/credentials'),
  /** Told after an account's credential was renewed, and after its login ended. */
  loginNews: token<(account: AccountHandle) => void>('kernel/login-news'),
  faults: token<Pick<FaultBook, 'note' | 'noteHome'>>('kernel/faults'),
  importer: token<PluginImporter>('kernel/importer'),
  loggers: token<Loggers>('kernel/loggers'),
  pools: token<UpstreamPools>('kernel/pools'),
  secrets: token<SecretRegistry>('kernel/secrets'),
  supervisor: token<SupervisorRoom>('kernel/supervisor'),
});
