import { answerJson } from '../edge/answer.ts';
import type { Route, RouteInfo } from '../routes/route.ts';
import { openapiAnswer } from '../schemas/gateway.ts';

/**
 * The route of the OpenAPI document. The document is made on the first request, and kept.
 *
 * @param routes - asked for then: the route itself is one of them.
 */
export function createOpenapiRoute(routes: () => readonly RouteInfo[]): Route {
  let document: object | undefined;
  return {
    method: 'GET',
    path: '/openapi.json',
    access: 'anyone',
    summary: 'This API as an OpenAPI 3.1 document',
    answers: { 'application/json': openapiAnswer },
    async handle(exchange, _grant, context) {
      if (document === undefined) {
        const { openapiDocument } = await import('./openapi-document.ts');
        document = openapiDocument(routes(), context.version);
      }
      answerJson(exchange, context.draining, document);
    },
  };
}
