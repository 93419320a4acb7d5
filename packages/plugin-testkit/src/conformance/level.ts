/**
 * How far a plugin can be relied on. `loads`: it can be installed, configured and ended. `speaks`: it
 * answers, fails in known ways, and keeps to what it may. `survives`: it bears what clients and
 * upstreams do to it.
 */
export type Level = 'loads' | 'speaks' | 'survives';

/** All levels; each includes those before it. */
export const LEVELS: readonly Level[] = ['loads', 'speaks', 'survives'];
