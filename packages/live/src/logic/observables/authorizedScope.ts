import { setTimeout } from "node:timers/promises";
import { describeValue, PeekError } from "@peek/errors";
import type { ContextRunner } from "@peek/kit";
import type { ObservableProvider, PeekUser } from "@peek/plugin-base";
import type { z } from "zod";

/** How long authorize() and scope() may take together. */
const deadlineMs = 10_000;
const maxScopeLength = 200;

/**
 * Asks a provider whether a user may watch, and in which scope.
 *
 * @returns The scope; undefined when the user may not watch.
 * @throws The provider's error; PeekError `DEADLINE_EXCEEDED`, or `DATA_INVALID` for an invalid scope.
 */
export async function authorizedScope(
  provider: ObservableProvider<unknown, z.ZodType>,
  user: PeekUser,
  selector: unknown,
  run: ContextRunner,
): Promise<string | undefined> {
  const over = new AbortController();
  const late = setTimeout(deadlineMs, undefined, { signal: over.signal, ref: false }).then(
    () => {
      throw new PeekError("DEADLINE_EXCEEDED", `authorize() and scope() did not return within ${deadlineMs} ms.`);
    },
    () => undefined,
  );
  try {
    // A provider that is late goes on: it takes no signal.
    return await Promise.race([late, ask(provider, user, selector, run)]);
  } finally {
    over.abort();
  }
}

async function ask(
  provider: ObservableProvider<unknown, z.ZodType>,
  user: PeekUser,
  selector: unknown,
  run: ContextRunner,
): Promise<string | undefined> {
  const context = Object.freeze({ user });
  const isAuthorized: unknown = await run(() => provider.authorize?.(context, selector) ?? true);
  if (isAuthorized !== true) return undefined;
  const scope: unknown = await run(() => provider.scope?.(context, selector) ?? "");
  if (typeof scope === "string" && scope.length <= maxScopeLength) return scope;
  throw new PeekError(
    "DATA_INVALID",
    `scope() must return a string of at most ${maxScopeLength} characters, not ${describeValue(scope)}.`,
  );
}
