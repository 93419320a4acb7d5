/** The time is up. Known by its name, see {@link isOutOfTime}. */
class OutOfTime extends Error {
  override readonly name = 'OutOfTime';
}

/** Whether a caught value says that time was up. */
export function isOutOfTime(value: unknown): boolean {
  return (
    typeof value === 'object' && value !== null && 'name' in value && value.name === 'OutOfTime'
  );
}

/**
 * Waits for a plugin's work, but not for ever.
 *
 * @param limitMs - milliseconds.
 * @param work - its signal is aborted when the time is up.
 * @param late - gets what the work gives after that.
 * @throws an error that {@link isOutOfTime} knows.
 */
export async function within<T>(
  limitMs: number,
  work: (signal: AbortSignal) => T | Promise<T>,
  late: (value: T) => void = () => undefined,
): Promise<T> {
  const limit = new AbortController();
  return new Promise((resolve, reject) => {
    let over = false;
    const timer = setTimeout(() => {
      over = true;
      const error = new OutOfTime(`not done within ${limitMs} ms`);
      limit.abort(error);
      reject(error);
    }, limitMs);
    const settle = async (): Promise<void> => {
      try {
        const value = await work(limit.signal);
        if (over) late(value);
        else resolve(value);
      } catch (error) {
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- passed on as it is
        if (!over) reject(error);
      } finally {
        clearTimeout(timer);
      }
    };
    void settle();
  });
}
