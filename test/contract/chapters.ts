/** A chapter of the reference: what an author looks for together. */
export interface Chapter {
  readonly title: string;
  /** What it is about, in Markdown. */
  readonly about: string;
  /** The files of plugin-api/src that belong to it, in their order on the page. */
  readonly files: readonly string[];
}

/** The chapters, in the order in which a plugin is written. */
export const chapters: readonly Chapter[] = [
  {
    title: 'The plugin',
    about: 'What a package exports by default, and what its `setup` is given and returns.',
    files: ['define-plugin', 'plugin', 'contributions', 'api-version'],
  },
  {
    title: 'Its configuration',
    about: 'What an operator writes under `plugins.<instance>.config`.',
    files: ['config-schema'],
  },
  {
    title: 'The executor',
    about:
      'The part that answers requests; a plugin has one, or none. Where the upstream speaks one of the ' +
      'four dialects, it is a `wire` executor and moves bytes; else it is an `events` executor.',
    files: ['executor', 'dialect', 'model-info'],
  },
  {
    title: 'Requests and answers as events',
    about: 'What an `events` executor reads and writes: no vendor’s words, and nobody’s bytes.',
    files: ['model-request', 'model-event', 'usage', 'embed'],
  },
  {
    title: 'The way out',
    about: 'How a plugin asks its upstream. Credentials are added behind this door.',
    files: ['http', 'read-body'],
  },
  {
    title: 'Accounts and secrets',
    about: 'Who a request is sent as. Accounts are data; secrets are a type that prints `***`.',
    files: ['account', 'api-key-accounts', 'secret'],
  },
  {
    title: 'Authenticators and logins',
    about:
      'How a credential is had, renewed, put on a request and ended. For OAuth, `@cliproxy/oauth` ' +
      'makes a whole one.',
    files: ['authenticator'],
  },
  {
    title: 'Failures and errors',
    about:
      'What goes wrong is told as data, so that another account or target is tried where that helps. ' +
      'Every code, with what to do: [TROUBLESHOOTING](TROUBLESHOOTING.md).',
    files: ['failure', 'gateway-error', 'error-table'],
  },
  { title: 'Health probes', about: 'What `GET /v1/health` asks.', files: ['health'] },
  {
    title: 'What hooks see',
    about: 'Functions on the way of requests, whoever answers them.',
    files: ['hook'],
  },
  {
    title: 'WebSocket connections',
    about: 'Paths on the gateway’s port that a plugin serves.',
    files: ['socket'],
  },
  { title: 'Services', about: 'What a plugin asks for by `deps`.', files: ['services', 'logger'] },
  {
    title: 'Processes beside the gateway',
    about: 'What `services.supervisor` does for a plugin that needs a program of its own.',
    files: ['supervisor'],
  },
  { title: 'Values', about: 'What the rest is made of.', files: ['json'] },
];
