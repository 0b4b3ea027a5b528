import { setTimeout } from "node:timers/promises";
import type { ObservableProvider, PeekUser } from "@peek/plugin-base";
import { describeValue, PeekError } from "@peek/errors";
import type { z } from "zod";
import type { ContextRunner } from "@peek/kit";

/** How long a plugin may take to say whether somebody may watch; milliseconds. */
const deadlineMs = 10_000;
const maxScopeLength = 200;

/**
 * Asks a plugin whether a user may watch.
 *
 * @returns The scope; undefined when the user may not.
 * @throws What the plugin throws; PeekError `DEADLINE_EXCEEDED`, or `DATA_INVALID` for a scope that cannot be.
 */
export async function admitted(
  provider: ObservableProvider<unknown, z.ZodType>,
  user: PeekUser,
  selector: unknown,
  run: ContextRunner,
): Promise<string | undefined> {
  const over = new AbortController();
  const late = setTimeout(deadlineMs, undefined, { signal: over.signal, ref: false }).then(
    () => {
      throw new PeekError("DEADLINE_EXCEEDED", `It was not said within ${deadlineMs} ms who may watch.`);
    },
    () => undefined,
  );
  try {
    // One that is late goes on by itself: there is nothing to stop it by.
    return await Promise.race([late, asked(provider, user, selector, run)]);
  } finally {
    over.abort();
  }
}

async function asked(
  provider: ObservableProvider<unknown, z.ZodType>,
  user: PeekUser,
  selector: unknown,
  run: ContextRunner,
): Promise<string | undefined> {
  const context = Object.freeze({ user });
  const may: unknown = await run(() => provider.authorize?.(context, selector) ?? true);
  if (may !== true) return undefined;
  const scope: unknown = await run(() => provider.scope?.(context, selector) ?? "");
  if (typeof scope === "string" && scope.length <= maxScopeLength) return scope;
  throw new PeekError(
    "DATA_INVALID",
    `The scope has to be a text of at most ${maxScopeLength} characters, not ${describeValue(scope)}.`,
  );
}
