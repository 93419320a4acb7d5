/** What a line of Gemini models takes. */
export interface ModelLine {
  /** Since which the API knows thought signatures on calls as a duty, and answers in parts. */
  readonly isGemini3: boolean;
  /** Levels of thinking; none where the model takes a budget, or does not think. */
  readonly levels: readonly string[];
  /** Whether a budget is taken. -1 leaves it to the model. */
  takesBudget(tokens: number): boolean;
}

/**
 * The line of a model, by its name. A name that is none of Gemini's takes everything.
 *
 * @see https://ai.google.dev/gemini-api/docs/thinking
 */
export function modelLine(model: string): ModelLine {
  const [, version = ''] = /^gemini-(\d+(?:\.\d+)?)/u.exec(model) ?? [];
  const isPro = model.includes('pro');
  if (version === '') return { isGemini3: false, levels: ALL, takesBudget: () => true };
  if (Number(version) >= 3) {
    const levels = !isPro ? ALL : version === '3' ? ['LOW', 'HIGH'] : ['LOW', 'MEDIUM', 'HIGH'];
    return { isGemini3: true, levels, takesBudget: () => false };
  }
  const takesBudget = (tokens: number): boolean => {
    if (version !== '2.5') return false;
    if (tokens === -1 || (tokens === 0 && !isPro)) return true;
    const [least, most] = isPro ? [128, 32_768] : [model.includes('lite') ? 512 : 1, 24_576];
    return tokens >= least && tokens <= most;
  };
  return { isGemini3: false, levels: [], takesBudget };
}

const ALL: readonly string[] = ['MINIMAL', 'LOW', 'MEDIUM', 'HIGH'];
