/**
 * Where an account comes from: the configuration, a login that is kept, or a plugin that attached it
 * while running.
 */
export type AccountSource = 'configured' | 'logged-in' | 'attached';
