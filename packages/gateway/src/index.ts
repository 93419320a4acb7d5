export { formatExplanation } from '@cliproxy/kernel';
export type {
  AccountHealth,
  AccountView,
  Explanation,
  HealthSnapshot,
  PluginHealth,
  IssuedSocketTicket,
  LoginView,
  LogoutResult,
} from '@cliproxy/kernel';
export { createGateway } from './create-gateway.ts';
export type { Gateway, GatewayApplyResult, GatewayOverrides } from './create-gateway.ts';
export { checkDataFolder, openDataFolder } from './data-folder.ts';
export type { DataFolder } from './data-folder.ts';
export { VERSION } from './version.ts';
export { inspectPlugin, installedPluginIds, lookAtPlugin, packageNames } from '@cliproxy/kernel';
export type { ConfigReload } from '@cliproxy/server';
export { filePluginStore } from './plugin-store/file-plugin-store.ts';
export {
  FILE_LIST,
  installFolderOf,
  packageFolderIn,
  storeFolderOf,
  storedPluginFault,
} from './plugin-store/stored-plugin.ts';
export { formatFileList, listDigest, listFiles, unfitFile } from './plugin-store/file-list.ts';
export { VERSION as EXACT_VERSION } from './plugin-store/plugin-lock.ts';
export {
  isName,
  lockFileOf,
  lockedPluginFault,
  readPluginLock,
  writePluginLock,
} from './plugin-store/plugin-lock.ts';
export { withPluginLock } from './plugin-store/with-plugin-lock.ts';
export type { LockedPlugin, PluginLock } from './plugin-store/plugin-lock.ts';
export type { PluginLook } from '@cliproxy/kernel';
export type { CommandNeed, PipNeed, PluginInspection, PluginNeed } from '@cliproxy/kernel';
