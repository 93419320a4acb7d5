/**
 * Keeps something small over restarts: what stands against accounts, so that a vendor that wants to
 * be left alone is, and which child processes run. Holds no secret. Implemented by the vault package.
 */
export interface StateStore {
  /** What was saved last; undefined where nothing was, or where it can't be read any more. */
  load(): Promise<unknown>;
  /**
   * Replaces what was saved before.
   *
   * @param state - plain JSON.
   * @throws GatewayError `KERNEL_STORE_FAILED`; what was saved before is still there.
   */
  save(state: object): Promise<void>;
}
