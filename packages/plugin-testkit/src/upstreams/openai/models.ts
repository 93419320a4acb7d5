import type { Route } from '../vendor-api.ts';

/** One entry of a list of models. */
export function modelOf(id: string) {
  return { id, object: 'model', created: 1_760_000_000, owned_by: 'vendor' };
}

/** The list of models. */
export function modelList(ids: readonly string[]) {
  return { object: 'list', data: ids.map(modelOf) };
}

/** The routes for models, which both of OpenAI's dialects have. */
export function modelRoute(method: string, path: string): Route | undefined {
  if (method !== 'GET') return undefined;
  if (path === '/models') return { operation: 'models' };
  const [, model] = /^\/models\/([^/]+)$/u.exec(path) ?? [];
  return model === undefined ? undefined : { operation: 'model', model: decodeURIComponent(model) };
}
