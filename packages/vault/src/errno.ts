/** Whether something thrown is the operating system's error of that code. */
export function isErrno(thrown: unknown, ...codes: readonly string[]): boolean {
  return (
    typeof thrown === 'object' &&
    thrown !== null &&
    'code' in thrown &&
    codes.includes(String(thrown.code))
  );
}
