import type { EmbedRequest, HookBody, ModelRequest } from '@cliproxy/plugin-api';
import { isSoundPart } from './sound-event.ts';

const ROLES: readonly unknown[] = ['system', 'developer', 'user', 'assistant'];

/**
 * What a hook made of a body, checked.
 *
 * @param given - what it was shown.
 * @param change - what it returned, not nothing.
 * @returns the body from here on, or what is wrong with the change.
 */
export function changedBody(given: HookBody, change: object): HookBody | string {
  const { request, embed } = change as Readonly<Record<keyof HookBody, unknown>>;
  if (request !== undefined && given.request !== undefined) {
    if (request === given.request) return given;
    if (!isRequest(request)) return 'gave a request that is none';
    const { model, stream } = given.request;
    return { request: { ...request, model, stream } };
  }
  if (embed !== undefined && given.embed !== undefined) {
    if (embed === given.embed) return given;
    if (!isEmbed(embed)) return 'gave a request for embeddings that is none';
    if (embed.inputs.length !== given.embed.inputs.length) return 'gave another number of inputs';
    return { embed: { ...embed, model: given.embed.model } };
  }
  if (request !== undefined || embed !== undefined) {
    return 'changed a body that it was not shown; it must need "body"';
  }
  return given;
}

function isRequest(value: unknown): value is ModelRequest {
  if (typeof value !== 'object' || value === null) return false;
  const { turns, tools, extras } = value as Readonly<Record<string, unknown>>;
  return (
    Array.isArray(turns) &&
    turns.every(isTurn) &&
    Array.isArray(tools) &&
    tools.every(isTool) &&
    typeof extras === 'object' &&
    extras !== null
  );
}

function isTurn(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { role, parts } = value as Readonly<Record<string, unknown>>;
  return ROLES.includes(role) && Array.isArray(parts) && parts.every(isSoundPart);
}

function isTool(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { kind, name } = value as Readonly<Record<string, unknown>>;
  return (kind === 'function' || kind === 'custom') && typeof name === 'string';
}

function isEmbed(value: unknown): value is EmbedRequest {
  if (typeof value !== 'object' || value === null) return false;
  const { inputs } = value as Readonly<Record<string, unknown>>;
  return Array.isArray(inputs) && inputs.every((one) => typeof one === 'string');
}
