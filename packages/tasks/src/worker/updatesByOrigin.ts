import type { PeerIdentity } from "@peek/plugin-base";
import type { TaskUpdate } from "../caller/TaskSignals.ts";
import type { AttemptOutcome } from "../queue/TaskQueue.ts";
import type { HeldTask } from "./HeldTask.ts";

/** A longer output is not sent: its receiver reads it from the database. */
const maxSentCharacters = 64 * 1024;

/** The updates for the processes that have queued the tasks, grouped by process. */
export function updatesByOrigin(
  recorded: readonly (readonly [HeldTask, AttemptOutcome])[],
): Iterable<{ readonly origin: PeerIdentity; readonly updates: readonly TaskUpdate[] }> {
  const byInstance = new Map<string, { readonly origin: PeerIdentity; readonly updates: TaskUpdate[] }>();
  for (const [{ task }, outcome] of recorded) {
    const update = updateOf(task.id, outcome);
    const { origin } = task;
    if (update === undefined || origin === undefined) continue;
    const known = byInstance.get(origin.instance);
    if (known === undefined) byInstance.set(origin.instance, { origin, updates: [update] });
    else known.updates.push(update);
  }
  return byInstance.values();
}

function updateOf(id: string, outcome: AttemptOutcome): TaskUpdate | undefined {
  if (outcome.kind === "failed") return { kind: "failed", id, error: outcome.error };
  if (outcome.kind !== "done") return undefined;
  return { kind: "done", id, output: outcome.output.length > maxSentCharacters ? undefined : outcome.output };
}
