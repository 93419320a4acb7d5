import type {
  Conformance,
  ConformanceUpstream,
  CtonewAnswer,
  Fakes,
  Fault,
} from '@cliproxy/plugin-testkit';

const TEXT = ['Hello', ' there', '.'];

/** How the plugin is checked in `mode: web`: a chat by HTTP, its answer by a WebSocket. */
export const webConformance: Conformance<ConformanceUpstream & { readonly clerkUrl: string }> = {
  upstream: startWeb,
  config: ({ url, upstream, credentials }) => ({
    acceptSubscriptionRisk: true,
    mode: 'web',
    apiBaseUrl: url,
    clerkBaseUrl: upstream?.clerkUrl ?? url,
    tokens: credentials,
  }),
  model: 'ctonew-claude-sonnet-4-5',
  errors: [
    { status: 400, kind: 'bad-request' },
    { status: 401, kind: 'auth' },
    { status: 429, kind: 'rate-limit' },
    { status: 500, kind: 'upstream' },
    { status: 503, kind: 'overloaded' },
  ],
  notApplicable: { accounts: 'the fake of cto.new has one account' },
};

async function startWeb({ startCtonew }: Fakes) {
  const ctonew = await startCtonew();
  const { engineLabs } = ctonew;
  return {
    url: ctonew.apiUrl,
    clerkUrl: ctonew.clerkUrl,
    get requests() {
      return engineLabs.chats.map((body) => ({
        method: 'POST',
        url: '/engine-agent/chat',
        headers: {},
        body,
        get aborted() {
          return engineLabs.openStreams === 0;
        },
        // One message is as good as another.
        get writtenBytes() {
          return engineLabs.sent;
        },
      }));
    },
    get violations() {
      return ctonew.violations();
    },
    cannot: ['cut'] as const,
    credentials: [ctonew.account.cookie],
    connectsTo: [ctonew.commandLine.url],
    fault(fault?: Fault) {
      engineLabs.answers.splice(0, Infinity, answerUnder(fault));
    },
    close: () => ctonew.close(),
  };
}

function answerUnder(fault: Fault | undefined): CtonewAnswer {
  switch (fault?.kind) {
    case 'status':
      return { error: { status: fault.status, body: { error: `status ${fault.status}` } } };
    case 'latency':
      return { text: [], hangs: true };
    case 'endless':
      return { text: TEXT, endless: true };
    case 'unfinished':
      return { text: TEXT, closeCode: 1000 };
    case 'garbage':
      return { raw: ['}{ <html>'], text: TEXT };
    case 'cut':
    case undefined:
      return { text: TEXT };
  }
}
