import type { ModelEvent, Part } from '@cliproxy/plugin-api';

type Fields = Readonly<Record<string, unknown>>;

/** Whether what a hook gave is an event that a writer of answers can rely on. */
export function isSoundEvent(value: unknown): value is ModelEvent {
  if (!isFields(value)) return false;
  switch (value.type) {
    case 'start':
      return isTextOrAbsent(value.id);
    case 'open':
      return Number.isInteger(value.index) && isSoundPart(value.part);
    case 'delta':
      return Number.isInteger(value.index) && typeof value.text === 'string';
    case 'close':
      return Number.isInteger(value.index);
    case 'usage':
      return isFields(value.usage);
    case 'finish':
      return typeof value.reason === 'string';
    default:
      return false;
  }
}

/** Whether a part of a turn, or of an answer, is one that encoders can rely on. */
export function isSoundPart(value: unknown): value is Part {
  if (!isFields(value)) return false;
  switch (value.type) {
    case 'text':
    case 'refusal':
    case 'reasoning':
      return typeof value.text === 'string';
    case 'media':
      return typeof value.mediaType === 'string' && isFields(value.source);
    case 'tool-call':
      return [value.id, value.name, value.argumentsJson].every((one) => typeof one === 'string');
    case 'tool-result':
      return (
        typeof value.callId === 'string' &&
        Array.isArray(value.content) &&
        value.content.every(isSoundPart)
      );
    default:
      return false;
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

function isTextOrAbsent(value: unknown): boolean {
  return value === undefined || typeof value === 'string';
}
