import type { ModelRequest, Tool } from '@cliproxy/plugin-api';
import type { EncodeTarget } from '@cliproxy/kernel';
import { freeTextSchema } from '../anthropic-messages/tool-arguments.ts';
import type { JsonObject } from '../model/json-object.ts';
import { functionSchema } from '../openai-chat/function-schema.ts';
import { noTools } from '../openai-chat/refusals.ts';
import { chosenTools, wrappedTools } from '../openai-chat/tool-encode.ts';
import type { KeptItemExtras } from './item-extras.ts';

/**
 * Writes the tools and how the model may use them. A function whose strictness the client left open
 * is not strict, as in every other dialect: this one would try to be.
 *
 * @throws GatewayError `CLIENT_BAD_REQUEST` when a tool must be called that is not there.
 */
export function encodeTools(
  request: ModelRequest,
  target: EncodeTarget,
  legalName: (name: string) => string,
  kept: KeptItemExtras,
): JsonObject {
  const { parallelTools } = request;
  const isOwn = request.extras.dialect === 'openai-responses';
  const wrapped = wrappedTools(request, target);
  const { tools: chosen, choice } = chosenTools(request, target);
  const tools: JsonObject[] = [];
  for (let part = 0; part <= chosen.length; part += 1) {
    const place = { turn: 0, part };
    tools.push(...kept.whole('tools', place));
    const tool = chosen[part];
    if (tool === undefined) continue;
    const isWrapped = wrapped.includes(tool.name);
    tools.push({
      ...encodeTool(tool, legalName(tool.name), isWrapped, isOwn),
      ...(isWrapped ? {} : kept.members('tools[]', place)),
    });
  }
  if (tools.length === 0) {
    // A choice without tools is refused. `auto` and `none` hold anyhow then.
    if (choice === 'required') throw noTools(request.extras.dialect);
    return {};
  }
  return {
    tools,
    ...(choice === undefined
      ? {}
      : { tool_choice: typeof choice === 'object' ? named(choice) : choice }),
    ...(parallelTools === undefined ? {} : { parallel_tool_calls: parallelTools }),
  };

  function named(these: readonly Tool[]): JsonObject {
    const references = these.map(({ kind, name }) => ({
      type: wrapped.includes(name) ? 'function' : kind,
      name: legalName(name),
    }));
    const [only] = references;
    if (references.length === 1 && only !== undefined) return only;
    return { type: 'allowed_tools', mode: 'required', tools: references };
  }
}

function encodeTool(tool: Tool, name: string, isWrapped: boolean, isOwn: boolean): JsonObject {
  const described = tool.description === undefined ? {} : { description: tool.description };
  if (isWrapped) {
    return { type: 'function', name, ...described, parameters: freeTextSchema, strict: false };
  }
  if (tool.kind === 'custom') return { type: 'custom', name, ...described };
  const { schema, strict } = tool;
  return {
    type: 'function',
    name,
    ...described,
    parameters: isOwn && schema !== undefined ? schema : functionSchema(schema),
    ...(strict === undefined && isOwn ? {} : { strict: strict ?? false }),
  };
}
