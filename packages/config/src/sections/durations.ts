/** Longest time that a Node timer can count; a longer one would fire at once. */
export const MAX_TIMER_MS = 2_147_483_647;
