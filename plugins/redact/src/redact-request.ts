import type { ModelRequest, OutputFormat, Part, Tool, Turn } from '@cliproxy/plugin-api';
import type { PlaceholderBook } from './placeholder-book.ts';
import type { Redactor } from './redactor.ts';

/**
 * Everything of a request that is text: system prompts, what was said and thought, calls of tools and
 * what they answered, descriptions and schemas of tools, and parameters without a common name. Names of
 * tools and ids stay, and so do media and what only its maker can read.
 *
 * What comes before the conversation comes first, so that its placeholders stay the same from one
 * request of a conversation to the next.
 */
export function redactRequest(request: ModelRequest, redactor: Redactor): ModelRequest {
  const tools = request.tools.map((tool) => redactTool(tool, redactor));
  const output = request.output && redactOutput(request.output, redactor);
  const extras = {
    ...request.extras,
    fields: redactor.json(request.extras.fields) as ModelRequest['extras']['fields'],
  };
  const stop = request.stop?.map((text) => redactor.text(text));
  const turns = request.turns.map((turn) => redactTurn(turn, redactor));
  return {
    ...request,
    turns,
    tools,
    extras,
    ...(output === undefined ? {} : { output }),
    ...(stop === undefined ? {} : { stop }),
  };
}

/** Keeps everything that looks like a placeholder already from being taken for one. */
export function reserveAll(request: ModelRequest, book: PlaceholderBook): void {
  const { turns, tools, output, stop = [], extras } = request;
  for (const { parts } of turns) for (const part of parts) reservePart(part, book);
  for (const told of [tools, output ?? null, stop, extras.fields]) {
    book.reserve(JSON.stringify(told));
  }
}

function reservePart(part: Part, book: PlaceholderBook): void {
  if (part.type === 'tool-result') for (const one of part.content) reservePart(one, book);
  else if (part.type === 'tool-call') book.reserve(part.argumentsJson);
  else if (part.type !== 'media') book.reserve(part.text);
}

function redactTurn(turn: Turn, redactor: Redactor): Turn {
  return { ...turn, parts: turn.parts.map((part) => redactPart(part, redactor)) };
}

function redactPart(part: Part, redactor: Redactor): Part {
  switch (part.type) {
    case 'text':
    case 'refusal': {
      const text = redactor.text(part.text);
      if (text === part.text) return part;
      // Citations count the characters of the text as it was.
      return { type: part.type, text };
    }
    case 'reasoning':
      return { ...part, text: redactor.text(part.text) };
    case 'tool-call': {
      const { kind, argumentsJson } = part;
      const isText = kind === 'custom';
      return {
        ...part,
        argumentsJson: isText ? redactor.text(argumentsJson) : redactor.jsonText(argumentsJson),
      };
    }
    case 'tool-result':
      return { ...part, content: part.content.map((one) => redactPart(one, redactor)) };
    case 'media':
      return part;
  }
}

function redactTool(tool: Tool, redactor: Redactor): Tool {
  const { description, schema } = tool;
  return {
    ...tool,
    ...(description === undefined ? {} : { description: redactor.text(description) }),
    ...(schema === undefined ? {} : { schema: redactor.json(schema) }),
  };
}

function redactOutput(output: OutputFormat, redactor: Redactor): OutputFormat {
  if (output.type === 'json') return output;
  return { ...output, schema: redactor.json(output.schema) };
}
