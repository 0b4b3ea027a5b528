// JavaScript and not TypeScript, like all measured code: stripping types would be measured too.

/**
 * Prints that the process is ready, and waits until it is stopped.
 *
 * @param {number} since The begin of the work, by performance.now().
 * @param {number} [expected] The number of plugins that must have been started.
 */
export function ready(since, expected = 0) {
  const ms = performance.now() - since;
  const started = globalThis.startedPlugins ?? 0;
  if (started !== expected) throw new Error(`${started} of ${expected} plugins were started`);
  // After a clean end, Node writes its compile cache.
  process.once("SIGTERM", () => process.exit(0));
  setInterval(() => undefined, 2 ** 30);
  console.log(`Ready in ${ms} ms`);
}
