import { setTimeout as delay } from "node:timers/promises";
import { PeekError, type PeekErrorCode } from "@peek/errors";

/** Waits for a condition. Throws when it is not true within 30 s. */
export async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const giveUpAt = performance.now() + 30_000;
  while (!(await condition())) {
    if (performance.now() > giveUpAt) throw new Error(`Not within 30 s: ${what}`);
    await delay(2);
  }
}

/** Waits for the PeekError of a failing action. */
export async function caught(action: PromiseLike<unknown> | (() => unknown)): Promise<PeekError> {
  try {
    await (typeof action === "function" ? action() : action);
  } catch (error) {
    if (PeekError.is(error)) return error;
    throw new Error(`The error is not a PeekError: ${String(error)}`, { cause: error });
  }
  throw new Error("The action did not fail.");
}

/** Waits for the code of a failing action. */
export async function codeOf(action: PromiseLike<unknown> | (() => unknown)): Promise<PeekErrorCode> {
  return (await caught(action)).code;
}

/** Collects all items of a stream. */
export async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** Settles with the reason of a signal, once it fires. */
export function fired(signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(signal.reason);
    else signal.addEventListener("abort", () => resolve(signal.reason), { once: true });
  });
}
