import path from 'node:path';
import { pathToFileURL } from 'node:url';

/** Whose code an error comes from: these instances', the gateway's own, or nobody's that is known. */
export type CodeOwner = { readonly instanceIds: readonly string[] } | 'gateway' | 'unknown';

/** Deepest chain of causes that is looked into. */
const MAX_CAUSES = 4;
const MAX_STACK_CHARS = 20_000;

/**
 * Knows in which folders the plugins' code lives, and tells from the stack of an error whose it is.
 * Nothing has to be kept per request for that, but a thrown value without a stack belongs to nobody.
 */
export class CodeHomes {
  readonly #folders = new Map<string, Set<string>>();
  readonly #ownFolder: string;

  /** @param ownFolder - absolute folder of the gateway's own packages. */
  constructor(ownFolder: string) {
    this.#ownFolder = ownFolder;
  }

  /** @param folder - absolute, without symbolic links: as stacks name it. */
  note(instanceId: string, folder: string): void {
    const known = this.#folders.get(folder);
    if (known === undefined) this.#folders.set(folder, new Set([instanceId]));
    else known.add(instanceId);
  }

  /** Whoever's frame stands nearest to the throw; a plugin's anywhere counts before the gateway's. */
  ownerOf(error: unknown): CodeOwner {
    const lines = stackLines(error);
    for (const line of lines) {
      const instanceIds = this.#instancesAt(line);
      if (instanceIds !== undefined) return { instanceIds };
    }
    return lines.some((line) => stands(line, this.#ownFolder)) ? 'gateway' : 'unknown';
  }

  /** A plugin may live within another's folder, as what it depends on does. */
  #instancesAt(line: string): readonly string[] | undefined {
    let nearest = '';
    for (const folder of this.#folders.keys()) {
      if (folder.length > nearest.length && stands(line, folder)) nearest = folder;
    }
    const found = this.#folders.get(nearest);
    return found === undefined ? undefined : [...found];
  }
}

/** ES modules stand in a stack as addresses, others as paths. */
function stands(line: string, folder: string): boolean {
  return line.includes(folder + path.sep) || line.includes(`${pathToFileURL(folder).href}/`);
}

/** The frames of an error and of its causes; whatever was thrown, looking at it throws nothing. */
function stackLines(thrown: unknown): readonly string[] {
  const lines: string[] = [];
  try {
    let error: unknown = thrown;
    for (let depth = 0; depth < MAX_CAUSES; depth += 1) {
      if (typeof error !== 'object' || error === null) break;
      const { stack, cause } = error as { readonly stack?: unknown; readonly cause?: unknown };
      if (typeof stack === 'string') {
        const frames = stack.slice(0, MAX_STACK_CHARS).split('\n');
        // The message may hold anything, paths too.
        lines.push(...frames.filter((frame) => /^\s+at /.test(frame)));
      }
      error = cause;
    }
  } catch {
    // Belongs to nobody.
  }
  return lines;
}
