import { Refusal, demand } from '../refusal.ts';
import type { Json } from '../shape.ts';
import type { ModelLine } from './model-line.ts';

/** Values that models which think take alone. */
const DEFAULTS: Readonly<Record<string, unknown>> = {
  temperature: 1,
  top_p: 1,
  presence_penalty: 0,
  frequency_penalty: 0,
  n: 1,
};
/** What they do not take at all. */
const REFUSED = ['logprobs', 'top_logprobs', 'logit_bias', 'stop'];

/** Checks sampling and effort against what the model takes. @param effortPath - where it stands. */
export function checkReasoning(
  body: Json,
  line: ModelLine,
  effort: unknown,
  effortPath: readonly string[],
): void {
  if (typeof effort === 'string' && !line.efforts.includes(effort)) {
    const message =
      line.efforts.length === 0
        ? 'is not supported with this model'
        : `does not support '${effort}' with this model. Supported values are: ${line.efforts.map((known) => `'${known}'`).join(', ')}`;
    const code = line.efforts.length === 0 ? 'unsupported_parameter' : 'unsupported_value';
    throw new Refusal(
      'rule',
      effortPath,
      `Unsupported: '${effortPath.join('.')}' ${message}.`,
      code,
    );
  }
  if (!line.reasons || line.samplingAt.includes(typeof effort === 'string' ? effort : '')) return;
  for (const [name, only] of Object.entries(DEFAULTS)) {
    const value = body[name] ?? only;
    const message = `Unsupported value: '${name}' does not support ${JSON.stringify(value)} with this model. Only the default (${JSON.stringify(only)}) value is supported.`;
    demand(value === only, [name], message, 'unsupported_value');
  }
  for (const name of REFUSED) {
    const isSet = body[name] !== undefined && body[name] !== null && body[name] !== false;
    const message = `Unsupported parameter: '${name}' is not supported with this model.`;
    demand(!isSet, [name], message, 'unsupported_parameter');
  }
}
