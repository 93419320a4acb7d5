/** What a running router tells of itself in its data folder; other commands read it. */
export interface RouterFacts {
  /** Its address, once it is ready. */
  readonly url: string;
  /** Its configuration file. */
  readonly config: string;
  /** Its log. */
  readonly log: string;
  /** True: it has no terminal, and can be started again by anybody. */
  readonly detached: boolean;
  /** How long requests may go on once it is told to end, in milliseconds. */
  readonly drainMs: number;
  /** Node's own options of its process. */
  readonly nodeOptions: readonly string[];
  /** The folder that it runs in. */
  readonly cwd: string;
}

/** What has been told so far; another version of cliproxy may have told less. */
export function readFacts(details: Readonly<Record<string, unknown>>): Partial<RouterFacts> {
  const { url, config, log, detached, drainMs, nodeOptions, cwd } = details;
  return {
    ...(typeof url === 'string' && { url }),
    ...(typeof config === 'string' && { config }),
    ...(typeof log === 'string' && { log }),
    ...(typeof cwd === 'string' && { cwd }),
    ...(typeof detached === 'boolean' && { detached }),
    ...(typeof drainMs === 'number' && { drainMs }),
    ...(Array.isArray(nodeOptions) && { nodeOptions: nodeOptions.map(String) }),
  };
}
