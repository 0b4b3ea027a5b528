/**
 * How zod checks a value that is checked once or twice in the life of a process: without compiling the schema into a
 * function first, which takes longer than the check.
 */
export const withoutJit = { jitless: true } as const;
