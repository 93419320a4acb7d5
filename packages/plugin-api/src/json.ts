/** A value that JSON can express, deeply read-only. */
export type Json =
  string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
