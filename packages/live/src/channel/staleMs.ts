/** What is not known to be current for longer is stale; milliseconds. */
export const staleMs = 3000;
