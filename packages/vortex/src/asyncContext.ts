import { AsyncLocalStorage } from "node:async_hooks";

/** Runs a function in the async context that was captured. */
export type ContextRunner = <Args extends unknown[], Result>(work: (...args: Args) => Result, ...args: Args) => Result;

/** Captures the present async context. */
export type CaptureContext = () => ContextRunner;

/**
 * Captures the async context of a plugin that registers a callback. The callback then runs in that context rather than in the one
 * in which a message arrives, and the loader attributes its errors to the plugin.
 */
export const captureContext: CaptureContext = () => AsyncLocalStorage.snapshot();
