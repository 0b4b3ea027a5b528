import { AsyncLocalStorage } from "node:async_hooks";

/** Runs a function in a captured async context. */
export type ContextRunner = <Args extends unknown[], Result>(work: (...args: Args) => Result, ...args: Args) => Result;

/** Captures the current async context. */
export type CaptureContext = () => ContextRunner;

/**
 * Captures the async context of a plugin's call. A plugin's function runs in the context in which the plugin registered it, not in the
 * context of the request or message that triggers it: so its errors are attributed to the plugin.
 */
export const captureContext: CaptureContext = () => AsyncLocalStorage.snapshot();
