// JavaScript and not TypeScript, as all that is measured: stripping types would be measured too.

/**
 * Tells the bench that all is done, and stays until it is told to stop.
 *
 * @param {number} since When the work began, by performance.now().
 * @param {number} [expected] How many plugins must have been started.
 */
export function ready(since, expected = 0) {
  const ms = performance.now() - since;
  const started = globalThis.startedPlugins ?? 0;
  if (started !== expected) throw new Error(`${started} of ${expected} plugins were started`);
  // Ended in order, Node writes its compile cache.
  process.once("SIGTERM", () => process.exit(0));
  setInterval(() => undefined, 2 ** 30);
  console.log(`Ready in ${ms} ms`);
}
