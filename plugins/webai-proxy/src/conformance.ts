import type { Conformance } from '@cliproxy/plugin-testkit';

/** How the plugin is checked: with a service like OpenAI's, which can go wrong in every way. */
const conformance: Conformance = {
  config: ({ url, credentials: [apiKey] }) => ({
    baseUrl: url,
    compat: 'plain',
    ...(apiKey !== undefined && { apiKey }),
  }),
  notApplicable: {
    accounts: 'a request carries the key of the service, whoever is logged in there',
  },
};
export default conformance;
