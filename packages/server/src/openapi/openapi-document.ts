import type { Dialect } from '@cliproxy/plugin-api';
import type { RouteInfo } from '../routes/route.ts';
import { anthropicError } from '../schemas/anthropic.ts';
import { geminiError } from '../schemas/gemini.ts';
import type { JsonSchema } from '../schemas/json-schema.ts';
import { openaiError } from '../schemas/openai.ts';
import { answerHeaders, requestHeaders, securitySchemes, securityOf } from './openapi-headers.ts';

/** A JSON object under way. */
type Members = Record<string, unknown>;

/**
 * Describes routes in OpenAPI.
 *
 * @param version - the gateway's.
 * @see https://spec.openapis.org/oas/v3.1.1.html
 */
export function openapiDocument(routes: readonly RouteInfo[], version: string): object {
  const schemas: Members = {};
  const ref = (schema: JsonSchema): object => referred(schema, schemas);
  const paths: Record<string, Members> = {};
  for (const route of routes) {
    const path = (paths[route.path] ??= {});
    path[route.method.toLowerCase()] = operation(route, ref);
  }
  return {
    openapi: '3.1.1',
    jsonSchemaDialect: 'https://json-schema.org/draft/2020-12/schema',
    info: {
      title: 'cliproxy',
      version,
      summary: 'One API endpoint in front of many AI providers',
      description:
        'Bodies are those of the vendors: further members than are named here are passed on. ' +
        'Every GET answers HEAD too, and every path OPTIONS.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    // Wherever the document was fetched from.
    servers: [{ url: '/' }],
    paths,
    components: { schemas, headers: answerHeaders, parameters: requestHeaders, securitySchemes },
  };
}

type Ref = (schema: JsonSchema) => object;

function operation(route: RouteInfo, ref: Ref): object {
  const asksModel = route.body !== undefined && route.dialect !== undefined;
  return {
    operationId: operationId(route),
    summary: route.summary,
    tags: [route.dialect ?? 'gateway'],
    security: securityOf(route.access),
    parameters: [
      ...pathParameters(route),
      ...queryParameters(route),
      ...headerParameters(asksModel),
    ],
    ...(route.body === undefined
      ? {}
      : {
          requestBody: {
            required: route.bodyOptional !== true,
            content: { 'application/json': { schema: ref(route.body) } },
          },
        }),
    responses: {
      200: {
        description: route.summary,
        headers: headerRefs(asksModel ? ON_MODEL_ANSWERS : ON_ANSWERS),
        content: Object.fromEntries(
          Object.entries(route.answers).map(([type, schema]) => [type, media(type, schema, ref)]),
        ),
      },
      default: {
        description: 'An error, in the shape that the client reads',
        headers: headerRefs(ON_ERRORS),
        content: { 'application/json': { schema: errorSchema(route.dialect, ref) } },
      },
    },
  };
}

const ON_ANSWERS = ['x-request-id'];
const ON_MODEL_ANSWERS = [
  'x-request-id',
  'x-upstream-request-id',
  'x-cliproxy-ignored',
  'x-cliproxy-estimated',
];
const ON_ERRORS = ['x-request-id', 'retry-after'];

function headerRefs(names: readonly string[]): object {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}

/** For example `post_v1_models_model_generateContent`. */
function operationId({ method, path }: RouteInfo): string {
  const words = path.split(/[^\w]+/).filter((word) => word !== '');
  return [method.toLowerCase(), ...words].join('_');
}

/** OpenAPI 3.1 has no word for the events of a stream: they are described beside it. */
function media(type: string, schema: JsonSchema, ref: Ref): object {
  if (type !== 'text/event-stream') return { schema: ref(schema) };
  return {
    schema: { type: 'string', description: 'server-sent events; the data of each is x-event' },
    'x-event': ref(schema),
  };
}

function pathParameters({ path }: RouteInfo): readonly object[] {
  const name = /\{(\w+)\}/.exec(path)?.[1];
  if (name === undefined) return [];
  const description = 'slashes as they are, or percent-encoded';
  return [{ name, in: 'path', required: true, description, schema: { type: 'string' } }];
}

function queryParameters({ query }: RouteInfo): readonly object[] {
  return Object.entries(query?.properties ?? {}).map(([name, { description, ...schema }]) => ({
    name,
    in: 'query',
    required: query?.required?.includes(name) === true,
    ...(description === undefined ? {} : { description }),
    schema,
  }));
}

function headerParameters(asksModel: boolean): readonly object[] {
  const names = Object.keys(requestHeaders).filter((name) => asksModel || name === 'x-request-id');
  return names.map((name) => ({ $ref: `#/components/parameters/${name}` }));
}

const ERRORS: Readonly<Record<Dialect, JsonSchema>> = {
  'openai-chat': openaiError,
  'openai-responses': openaiError,
  'anthropic-messages': anthropicError,
  gemini: geminiError,
};

function errorSchema(dialect: Dialect | undefined, ref: Ref): object {
  if (dialect !== undefined) return ref(ERRORS[dialect]);
  return { anyOf: [openaiError, anthropicError, geminiError].map(ref) };
}

/** Puts what has a title among the document's schemas, and refers to it there. */
function referred(schema: JsonSchema, schemas: Members): object {
  const { title, items, properties, anyOf, ...rest } = schema;
  const whole = {
    ...rest,
    ...(items === undefined ? {} : { items: referred(items, schemas) }),
    ...(anyOf === undefined ? {} : { anyOf: anyOf.map((one) => referred(one, schemas)) }),
    ...(properties === undefined
      ? {}
      : {
          properties: Object.fromEntries(
            Object.entries(properties).map(([key, one]) => [key, referred(one, schemas)]),
          ),
        }),
  };
  if (title === undefined) return whole;
  schemas[title] ??= whole;
  return { $ref: `#/components/schemas/${title}` };
}
