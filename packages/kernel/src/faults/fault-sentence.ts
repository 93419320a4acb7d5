const MAX_CHARS = 300;

/** What a plugin did wrong, in one short line; whatever it threw, looking at it throws nothing. */
export function faultSentence(thrown: unknown): string {
  try {
    return line(sentenceOf(thrown));
  } catch {
    return 'threw a hostile value';
  }
}

function sentenceOf(thrown: unknown): string {
  if (typeof thrown === 'string') return thrown;
  if (typeof thrown !== 'object' || thrown === null) return `threw ${String(thrown)}`;
  const { name, message, code, failure } = thrown as Partial<Record<string, unknown>>;
  if (typeof message !== 'string') return 'threw something that is no Error';
  if (code === 'PLUGIN_FAULT') {
    // Its message is for the client. What is behind it, the log has.
    const told = (failure as { readonly message?: unknown } | undefined)?.message;
    return typeof told === 'string' ? told.replace(/^the plugin /, '') : message;
  }
  // The sentence of an error that the kernel made says it all.
  if (typeof code === 'string' && /^[A-Z]+_/.test(code) && message.includes(' ')) return message;
  return `${typeof name === 'string' ? name : 'Error'}: ${message}`;
}

function line(text: string): string {
  return text.slice(0, MAX_CHARS).replace(/[\s\x00-\x1f\x7f]+/g, ' ');
}
