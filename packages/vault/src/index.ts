export { claimFolder, type FolderClaim } from './claim-folder.ts';
export { openVault, type FileVault, type VaultOptions } from './file-vault.ts';
export { folderHolder, type FolderHolder, type FolderOwner } from './folder-owner.ts';
export { loadKeys, type KeySource } from './key-source.ts';
export { NameLocks } from './name-locks.ts';
export { openStateFile } from './state-file.ts';
export type { VaultKey, VaultKeys } from './vault-keys.ts';
export { makePrivateFolder } from './private-place.ts';
export { processStart } from './process-start.ts';
