/** Tuples are stale that were last known to be current longer ago than this. */
export const staleMs = 3000;
