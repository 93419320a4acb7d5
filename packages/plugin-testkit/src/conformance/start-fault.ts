import { openStage } from './stage.ts';
import type { StageWish } from './stage.ts';
import type { Subject } from './subject.ts';

/** Why a gateway with the plugin does not start, as `CODE: message`; undefined: it does. */
export async function startFault(
  subject: Subject,
  config?: StageWish['config'],
): Promise<string | undefined> {
  try {
    const stage = await openStage(subject, { dialect: 'openai-chat', ...(config && { config }) });
    await stage.close();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
