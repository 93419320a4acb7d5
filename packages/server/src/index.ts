export { isLoopback } from './edge/host-origin.ts';
export { routeTable } from './routes/route-table.ts';
export type { ConfigReload } from './server-options.ts';
export type { RouteInfo } from './routes/route.ts';
export { createServer } from './server.ts';
export type {
  GatewayServer,
  ListenAddress,
  ServerOptions,
  ServerSettings,
  UpdateResult,
} from './server-options.ts';
