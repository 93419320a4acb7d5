/** What {@link within} gives when the time was over first. */
export const LATE = Symbol('late');

/** The outcome of some work, or {@link LATE}: a frozen browser never answers. */
export async function within<T>(timeMs: number, work: Promise<T>): Promise<T | typeof LATE> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<typeof LATE>((resolve) => {
    timer = setTimeout(() => resolve(LATE), timeMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    // Its later failure is nobody's any more.
    work.catch(() => undefined);
  }
}
