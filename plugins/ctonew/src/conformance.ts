import type { Conformance, ConformanceUpstream, Fakes } from '@cliproxy/plugin-testkit';

/** What stands behind cto.new: its sign-in service beside its API. */
interface CtonewUpstream extends ConformanceUpstream {
  readonly clerkUrl: string;
}

/** How the plugin is checked in `mode: cli`; `cliproxy plugins check ctonew` uses it too. */
const conformance: Conformance<CtonewUpstream> = {
  upstream: startCommandLine,
  config: ({ url, upstream, credentials }) => ({
    acceptSubscriptionRisk: true,
    apiBaseUrl: url,
    clerkBaseUrl: upstream?.clerkUrl ?? url,
    tokens: credentials,
  }),
  model: 'ctonew-claude-sonnet-4-5',
  errors: [
    { status: 400, kind: 'bad-request' },
    { status: 401, kind: 'auth' },
    { status: 403, kind: 'auth' },
    { status: 404, kind: 'not-found' },
    { status: 429, kind: 'rate-limit' },
    { status: 500, kind: 'upstream' },
    { status: 503, kind: 'overloaded' },
  ],
  notApplicable: { accounts: 'the fake of cto.new has one account' },
};
export default conformance;

async function startCommandLine({ startCtonew }: Fakes): Promise<CtonewUpstream> {
  const ctonew = await startCtonew();
  const { commandLine } = ctonew;
  return {
    url: ctonew.apiUrl,
    clerkUrl: ctonew.clerkUrl,
    requests: commandLine.requests,
    get violations() {
      return ctonew.violations();
    },
    connectsTo: [commandLine.url],
    credentials: [ctonew.account.cookie],
    fault: (fault) => commandLine.fault(fault),
    close: () => ctonew.close(),
  };
}
