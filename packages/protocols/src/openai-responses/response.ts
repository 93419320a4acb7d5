import type { Part, ToolCallPart } from '@cliproxy/plugin-api';
import type { AnswerContext } from '../codec/answer-context.ts';
import type { ResponseCodec } from '../codec/response-codec.ts';
import { answerEvents } from '../model/answer-events.ts';
import { withCallSignatures } from '../model/call-signature.ts';
import type { JsonObject } from '../model/json-object.ts';
import { badAnswer } from '../codec/bad-answer.ts';
import { throwErrorInside } from '../openai-chat/error-classes.ts';
import { throwFailed, throwUnfinished } from './errors.ts';
import { readItem } from './output-decode.ts';
import {
  callItem,
  contentPart,
  imageItem,
  itemId,
  messageItem,
  reasoningItem,
} from './output-items.ts';
import { changingMembers, constantMembers, responseId } from './response-object.ts';
import { readStatus } from './status.ts';
import { readUsage } from './usage.ts';

/**
 * Answers without stream.
 *
 * @see https://platform.openai.com/docs/api-reference/responses/object
 */
export const response: ResponseCodec = {
  decode(body, context) {
    throwFailed(body);
    throwErrorInside(body);
    throwUnfinished(body);
    if (!Array.isArray(body.output)) {
      throw badAnswer("The upstream's answer has no `output`.");
    }
    const parts = body.output.flatMap((item) => readItem(item, context));
    const usage = readUsage(body.usage);
    return answerEvents({
      ...(typeof body.id === 'string' && body.id !== '' ? { id: body.id } : {}),
      parts,
      finish: readStatus(body, {
        calls: parts.some(({ type }) => type === 'tool-call'),
        refusal: parts.some(({ type }) => type === 'refusal'),
      }),
      ...(usage === undefined ? {} : { usage }),
    });
  },
  encode(answer, context) {
    const { finish, usage, parts } = answer;
    const holdsRefusal = parts.some(({ type }) => type === 'refusal');
    const output = writeOutput(withCallSignatures(parts), finish === 'length', context);
    if (context.keep !== undefined) {
      for (const item of output) context.keep(String(item.id), JSON.stringify(item));
    }
    return {
      ...changingMembers(
        { id: responseId(answer.id, context), finish, holdsRefusal, usage },
        context,
      ),
      output,
      ...constantMembers(context),
    };
  },
};

/** @param isCut - the last item is incomplete. */
function writeOutput(
  parts: readonly Part[],
  isCut: boolean,
  context: AnswerContext,
): readonly JsonObject[] {
  const items: JsonObject[] = [];
  let content: JsonObject[] | undefined;
  const status = (i: number) =>
    isCut && parts.slice(i + 1).every(isSilent) ? 'incomplete' : 'completed';
  for (const [i, part] of parts.entries()) {
    if (isSilent(part)) continue;
    const id = (prefix: Parameters<typeof itemId>[0]) => itemId(prefix, items.length, context);
    switch (part.type) {
      case 'text':
      case 'refusal': {
        const written = contentPart(part.type, part.text, part.citations);
        if (content === undefined) content = [written];
        else {
          content.push(written);
          items.pop();
        }
        items.push(messageItem(id('msg'), status(i), content));
        continue;
      }
      case 'reasoning':
        items.push(reasoningItem({ given: id('rs') }, part.text, part.opaque, context));
        break;
      case 'tool-call': {
        const prefix = part.kind === 'custom' ? 'ctc' : 'fc';
        items.push(callItem(id(prefix), status(i), withArguments(part), context));
        break;
      }
      case 'media': {
        const image = imageItem(id('ig'), part);
        if (image !== undefined) items.push(image);
        break;
      }
      case 'tool-result':
        break;
    }
    content = undefined;
  }
  return items;
}

/** Whether nothing is written for a part. A tool that ran at the upstream is told by the text. */
function isSilent(part: Part): boolean {
  switch (part.type) {
    case 'text':
    case 'refusal':
      return part.text === '';
    case 'reasoning':
      return part.text === '' && part.opaque === undefined;
    case 'media':
      return imageItem('', part) === undefined;
    case 'tool-result':
      return true;
    case 'tool-call':
      return false;
  }
}

function withArguments(part: ToolCallPart): ToolCallPart {
  const isEmpty = part.kind !== 'custom' && part.argumentsJson.trim() === '';
  return isEmpty ? { ...part, argumentsJson: '{}' } : part;
}
