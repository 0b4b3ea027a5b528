import { AsyncLocalStorage } from "node:async_hooks";

/** Runs a function in the async context that was captured. */
export type ContextRunner = <Args extends unknown[], Result>(work: (...args: Args) => Result, ...args: Args) => Result;

/** Captures the present async context. */
export type CaptureContext = () => ContextRunner;

/** What a plugin hands in is run as if it had called it itself, so that its errors are laid at its door. */
export const captureContext: CaptureContext = () => AsyncLocalStorage.snapshot();
