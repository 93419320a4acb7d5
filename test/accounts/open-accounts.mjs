// An instance's accounts as the kernel makes them, with a vault on disk behind.
import path from 'node:path';
import { GatewayError, secret } from '@cliproxy/plugin-api';
import { loadKeys, openVault } from '@cliproxy/vault';
import { InstanceAccounts } from '../../packages/kernel/dist/accounts/instance-accounts.js';
import { AllowedHosts } from '../../packages/kernel/dist/http/allowed-hosts.js';
import { UpstreamPools } from '../../packages/kernel/dist/http/upstream-pools.js';

const LOCK_WAIT_MS = 300_000;

export async function openAccounts(folder, vendorUrl) {
  const quiet = () => undefined;
  const logger = { debug: quiet, info: quiet, warn: quiet, error: console.error };
  const store = await openVault({
    folder: path.join(folder, 'accounts'),
    keys: await loadKeys({ ownFile: path.join(folder, 'vault.key') }),
    logger,
    now: Date.now,
    lockWaitMs: LOCK_WAIT_MS,
  });
  const accounts = new InstanceAccounts({
    instanceId: 'strict',
    hosts: new AllowedHosts({
      instanceId: 'strict',
      packageName: 'strict',
      hosts: ['config:/baseUrl'],
      config: { baseUrl: vendorUrl },
    }),
    pools: new UpstreamPools('0.0.0'),
    logger,
    clock: { now: Date.now, monotonic: () => performance.now() },
    secrets: { add: quiet, mask: (text) => text },
    store,
    onLogin: quiet,
  });
  accounts.configure([signIn(vendorUrl)], []);
  await accounts.restore();
  return accounts;
}

function signIn(vendorUrl) {
  return {
    id: 'sign-in',
    method: 'oauth',
    authorize: async (request, { secrets }) => ({
      ...request,
      headers: { ...request.headers, authorization: `Bearer ${secrets.access.reveal()}` },
    }),
    login: () => Promise.reject(new Error('not here')),
    async refresh({ secrets }, { http, signal }) {
      const url = `${vendorUrl}/token?refresh=${secrets.refresh.reveal()}`;
      const reply = await http.request({ method: 'POST', url, headers: {} }, signal);
      const chunks = [];
      for await (const chunk of reply.body) chunks.push(chunk);
      if (reply.status !== 200) throw new GatewayError('AUTH_NEEDS_LOGIN', 'invalid_grant');
      return credentialOf(JSON.parse(Buffer.concat(chunks).toString()));
    },
  };
}

export function credentialOf({ refresh, access, lifeS }) {
  return {
    secrets: { refresh: secret(refresh), access: secret(access) },
    expiresAtMs: Date.now() + lifeS * 1000,
  };
}
