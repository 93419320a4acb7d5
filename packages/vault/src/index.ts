export { claimFolder } from './claim-folder.ts';
export { openVault, type FileVault, type VaultOptions } from './file-vault.ts';
export { loadKeys, type KeySource } from './key-source.ts';
export { openStateFile } from './state-file.ts';
export type { VaultKey, VaultKeys } from './vault-keys.ts';
