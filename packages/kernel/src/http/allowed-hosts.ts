import { GatewayError } from '@cliproxy/plugin-api';
import { atPointer } from '../plugins/json-pointer.ts';
import { parseOrigin, splitUrl } from './split-url.ts';

/** Whose requests are checked, and against what. */
export interface AllowedHostsOptions {
  readonly instanceId: string;
  readonly packageName: string;
  /**
   * The manifest's `permissions.hosts`: host names with or without a port (without: any port), or
   * `config:` and a JSON pointer to a URL, or a list of URLs, in the instance's configuration.
   */
  readonly hosts: readonly string[];
  /** The instance's checked configuration. */
  readonly config: unknown;
}

/** Spellings of origins to remember before starting anew. */
const MAX_SPELLINGS = 64;

/** The hosts that one plugin instance may reach. */
export class AllowedHosts {
  readonly #options: AllowedHostsOptions;
  /** Host names, and hosts with their port. */
  readonly #allowed: ReadonlySet<string>;
  readonly #passed = new Set<string>();

  constructor(options: AllowedHostsOptions) {
    this.#options = options;
    this.#allowed = new Set(options.hosts.flatMap((host) => expand(host, options.config)));
  }

  /** @throws GatewayError `PLUGIN_HOST_FORBIDDEN` when the URL's host is not declared. */
  check(url: string): void {
    const origin = splitUrl(url)?.origin ?? '';
    if (this.#passed.has(origin)) return;
    const parsed = parseOrigin(origin);
    if (parsed === undefined) throw this.#refusal(JSON.stringify(origin));
    const port = parsed.port === '' ? (parsed.protocol === 'https:' ? '443' : '80') : parsed.port;
    const host = parsed.hostname;
    if (!this.#allowed.has(host) && !this.#allowed.has(`${host}:${port}`)) {
      throw this.#refusal(`the host ${parsed.host}`);
    }
    if (this.#passed.size >= MAX_SPELLINGS) this.#passed.clear();
    this.#passed.add(origin);
  }

  #refusal(what: string): GatewayError {
    const { instanceId, packageName, hosts } = this.#options;
    const declared = hosts.length === 0 ? 'none' : hosts.join(', ');
    return new GatewayError(
      'PLUGIN_HOST_FORBIDDEN',
      `plugin "${instanceId}" may not reach ${what}: permissions.hosts in the manifest of ` +
        `${packageName} allows ${declared}`,
    );
  }
}

/** A manifest's entry as host names, or hosts with their port. */
function expand(entry: string, config: unknown): string[] {
  if (!entry.startsWith('config:')) return [entry.toLowerCase()];
  const found = atPointer(config, entry.slice('config:'.length));
  const urls = Array.isArray(found) ? (found as unknown[]) : [found];
  return urls.flatMap((url) => {
    const origin = typeof url === 'string' ? splitUrl(url)?.origin : undefined;
    const parsed = origin === undefined ? undefined : parseOrigin(origin);
    if (parsed === undefined) return [];
    const port = parsed.port === '' ? (parsed.protocol === 'https:' ? '443' : '80') : parsed.port;
    return [`${parsed.hostname}:${port}`];
  });
}
