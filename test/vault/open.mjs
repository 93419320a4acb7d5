// Opens a vault for the programs beside this file.
import { secret } from '@cliproxy/plugin-api';
import { loadKeys, openVault } from '@cliproxy/vault';

/** Every line that the vault logs as an error goes to `errors`. */
export async function open(folder, errors) {
  const quiet = () => undefined;
  return openVault({
    folder: `${folder}/accounts`,
    keys: await loadKeys({ ownFile: `${folder}/vault.key` }),
    logger: { debug: quiet, info: quiet, warn: quiet, error: (line) => errors.push(line) },
    now: Date.now,
  });
}

/** An account whose token is so long, and known by its generation. */
export function account(id, generation, bytes = 100) {
  const token = `${generation}:`.padEnd(bytes, 'x');
  return {
    id,
    authenticator: 'oauth',
    label: id,
    credential: { secrets: { refreshToken: secret(token) } },
  };
}

/** The generation that the token of an account was made for. */
export function writtenAs(stored) {
  return Number.parseInt(stored.credential.secrets.refreshToken.reveal(), 10);
}
