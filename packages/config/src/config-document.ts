import type {
  AccountStrategyName,
  FailoverSettings,
  RouteSettings,
  TimeoutSettings,
} from '@cliproxy/kernel';
import { dataSchema } from './sections/data-section.ts';
import type { DataSection } from './sections/data-section.ts';
import { failoverSchema, timeoutsSchema } from './sections/failover-section.ts';
import { logSchema } from './sections/log-section.ts';
import { pluginsSchema } from './sections/plugins-section.ts';
import type { PluginEntry } from './sections/plugins-section.ts';
import { aliasesSchema, routesSchema } from './sections/routing-section.ts';
import { serverSchema } from './sections/server-section.ts';
import type { LogSettings, ServerSettings } from './settings.ts';

/** The file's values, once they satisfy {@link configDocumentSchema}. */
export interface ConfigDocument {
  readonly server: ServerSettings;
  readonly log: LogSettings;
  readonly data: DataSection;
  readonly plugins: Readonly<Record<string, PluginEntry>>;
  readonly routes: readonly RouteSettings[];
  readonly aliases: Readonly<Record<string, string>>;
  readonly timeouts: TimeoutSettings;
  readonly failover: FailoverSettings;
  readonly accountStrategy: AccountStrategyName;
  readonly usage: 'auto' | 'off';
}

/** Schema of the file, but for what plugins say of their own parts. */
export const configDocumentSchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    server: serverSchema,
    log: logSchema,
    data: dataSchema,
    plugins: pluginsSchema,
    routes: routesSchema,
    aliases: aliasesSchema,
    timeouts: timeoutsSchema,
    failover: failoverSchema,
    accountStrategy: {
      type: 'string',
      description: "How to choose among an instance's accounts; a session stays with its account.",
      enum: ['round-robin', 'fill-first'],
      default: 'round-robin',
    },
    usage: {
      type: 'string',
      description: "auto: ask upstreams for a stream's token counts; off: leave requests alone.",
      enum: ['auto', 'off'],
      default: 'auto',
    },
  },
} as const;
