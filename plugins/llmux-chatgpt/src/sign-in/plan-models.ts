import type { AccountContext, ModelInfo } from '@cliproxy/plugin-api';
import { fetchList } from '../models.ts';
import { REFUSED } from './plan-request.ts';

/**
 * The models that an account's plan offers. The list has a shape of its own.
 *
 * @see https://developers.openai.com/siwc/token-sharing-open-source/models-and-inference
 * @throws GatewayError as `fetchList`.
 */
export async function listPlanModels(
  root: string,
  context: AccountContext,
): Promise<readonly ModelInfo[]> {
  const models = await fetchList(root, context, 'models');
  return models.flatMap((entry): readonly ModelInfo[] => {
    const {
      slug,
      display_name: name,
      visibility,
    } = (entry ?? {}) as Readonly<Record<string, unknown>>;
    if (typeof slug !== 'string' || visibility !== 'list') return [];
    return [{ id: slug, refuses: REFUSED, ...(typeof name === 'string' && { displayName: name }) }];
  });
}
