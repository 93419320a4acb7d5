import type { Dialect } from '@cliproxy/plugin-api';
import { openStage } from './stage.ts';
import type { Stage, StageWish } from './stage.ts';
import type { Subject } from './subject.ts';

const ALL: readonly Dialect[] = ['openai-chat', 'openai-responses', 'anthropic-messages', 'gemini'];

/** What a check works with: the plugin, and as many gateways with it as it wants. */
export class CheckContext {
  readonly subject: Subject;
  readonly #stages: Stage[] = [];
  #dialects: Promise<readonly Dialect[]> | undefined;

  constructor(subject: Subject) {
    this.subject = subject;
  }

  /**
   * The dialects in which the plugin is asked: all that its executor moves, or Chat Completions where it
   * produces events; all where it hooks the requests of others.
   */
  dialects(): Promise<readonly Dialect[]> {
    this.#dialects ??= this.#look();
    return this.#dialects;
  }

  /** A gateway with the plugin, before its upstream. Ended with the check, where not before. */
  async stage(wish: StageWish = {}): Promise<Stage> {
    const { dialect = (await this.dialects())[0] ?? 'openai-chat' } = wish;
    const stage = await openStage(this.subject, { ...wish, dialect });
    this.#stages.push(stage);
    return stage;
  }

  /** Ends all that was begun. */
  async close(): Promise<void> {
    for (const stage of this.#stages.splice(0)) await stage.close();
  }

  async #look(): Promise<readonly Dialect[]> {
    if (this.subject.hooksOnly) return ALL;
    const stage = await openStage(this.subject, { dialect: 'openai-chat' });
    try {
      const executor = stage.watch.contributions[0]?.executor;
      if (executor?.kind !== 'wire') return ['openai-chat'];
      return (Object.entries(executor.speaks) as [Dialect, readonly string[]][])
        .filter(([, operations]) => operations.includes('generate'))
        .map(([dialect]) => dialect);
    } finally {
      await stage.close();
    }
  }
}
