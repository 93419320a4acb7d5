export { createServer } from './server.ts';
export type {
  GatewayServer,
  ListenAddress,
  ServerOptions,
  ServerSettings,
  UpdateResult,
} from './server-options.ts';
