import { createOpenapiRoute } from '../openapi/openapi-route.ts';
import { accountRoutes } from './accounts.ts';
import { anthropicRoutes } from './anthropic.ts';
import { authRoutes } from './auth.ts';
import { explainRoute } from './explain.ts';
import { geminiRoutes } from './gemini.ts';
import { healthRoutes } from './health.ts';
import { metricsRoute } from './metrics.ts';
import { modelLists } from './models.ts';
import { openaiRoutes } from './openai.ts';
import { pluginRoutes } from './plugins.ts';
import { rootRoute } from './root.ts';
import type { Route } from './route.ts';
import { socketTicketRoute } from './socket-ticket.ts';

/** Every route of the gateway. Routing, `Allow`, the documentation and OpenAPI come from here. */
export const routeTable: readonly Route[] = Object.freeze([
  ...openaiRoutes,
  ...anthropicRoutes,
  ...geminiRoutes,
  ...modelLists,
  ...healthRoutes,
  explainRoute,
  metricsRoute,
  ...accountRoutes,
  ...authRoutes,
  ...pluginRoutes,
  socketTicketRoute,
  createOpenapiRoute(() => routeTable),
  rootRoute,
]);
