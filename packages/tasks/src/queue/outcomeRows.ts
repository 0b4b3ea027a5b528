import type { AttemptOutcome, TaskError } from "./TaskQueue.ts";

type Done = Extract<AttemptOutcome, { readonly kind: "done" }>;

/**
 * The order in which a statement locks what it settles or touches: of two with the same tasks, neither waits for the other in a circle.
 */
export function inLockOrder(outcomes: readonly AttemptOutcome[]): readonly AttemptOutcome[] {
  return outcomes.toSorted((a, b) => (a.attempt.id < b.attempt.id ? -1 : 1));
}

/** Whether all were done, which settleDoneSql is for. */
export function areDone(outcomes: readonly AttemptOutcome[]): outcomes is readonly Done[] {
  return outcomes.every(({ kind }) => kind === "done");
}

/** The values of settleDoneSql besides the queue. */
export function doneColumns(outcomes: readonly Done[]): readonly (readonly unknown[])[] {
  return [
    outcomes.map(({ attempt }) => attempt.id),
    outcomes.map(({ attempt }) => attempt.retryCount),
    outcomes.map(({ output }) => output),
  ];
}

/** The rows of settleSql. */
export function outcomeRows(outcomes: readonly AttemptOutcome[]): readonly Readonly<Record<string, unknown>>[] {
  return outcomes.map((outcome) => ({
    id: outcome.attempt.id,
    retry: outcome.attempt.retryCount,
    spared: 0,
    ...rowOf(outcome),
  }));
}

function rowOf(outcome: AttemptOutcome): Readonly<Record<string, unknown>> {
  switch (outcome.kind) {
    case "done":
      return { state: "completed", output: { output: outcome.output } };
    case "retry": {
      const { error, failures, delayMs } = outcome;
      // A try that has ended does not count among those that were lost.
      return { state: "retry", delayMs, output: { error: storable(error) }, failures, spared: 1 };
    }
    case "failed":
      return {
        state: "failed",
        output: { error: storable(outcome.error) },
        failures: outcome.failures,
      };
    default:
      // Handed back. Its number is not used again: a worker that does not know whether this has reached the database may say it twice.
      return { state: "retry", delayMs: 0, spared: 1, unbegun: !outcome.begun };
  }
}

/** What PostgreSQL takes as text: one letter that it does not would keep a whole batch from being settled. */
function storable({ code, message }: TaskError): TaskError {
  return { code, message: message.replaceAll("\0", "\u{FFFD}").toWellFormed() };
}
