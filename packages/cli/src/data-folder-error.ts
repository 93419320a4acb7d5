import { CommandError, EXIT } from './exit-codes.ts';

/** Codes that a change of the configuration, or of modes and keys, mends; no other start would. */
const UNFIT = ['CONFIG_INVALID', 'KERNEL_STORE_KEY', 'KERNEL_STORE_UNSAFE'];

/** What is wrong with a data folder, or who else has it, as a command's failure. */
export function dataFolderError(error: unknown): CommandError {
  const { message, code = '' } = error as { readonly message: string; readonly code?: string };
  return new CommandError(message, {
    exitCode: UNFIT.includes(code) ? EXIT.config : EXIT.failed,
    code,
  });
}
