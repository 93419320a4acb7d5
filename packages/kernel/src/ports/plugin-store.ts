/** A package that the operator has added, as it is on disk now. */
export interface StoredPackage {
  /** Absolute. */
  readonly folder: string;
  /**
   * Why it must not be run: what differs from what was added, and the remedy. Absent: every byte is as
   * it was.
   */
  readonly fault?: string;
}

/** The packages that the operator has added, each at one exact version. */
export interface PluginStore {
  /**
   * Compares packages with what was recorded of them when they were added: every file, those of their
   * dependencies included. Runs no code of them and never rejects.
   *
   * @param baseDir - absolute folder of the configuration file.
   * @param names - of packages, in use or not.
   * @returns by name; one that was not added is missing.
   */
  check(baseDir: string, names: readonly string[]): Promise<ReadonlyMap<string, StoredPackage>>;
}
