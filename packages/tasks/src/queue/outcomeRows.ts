import type { Outcome, TaskError } from "./TaskQueue.ts";

/**
 * The rows of settleSql, in the order of their ids: two statements that settle or touch the same tasks lock them in one order, and do
 * not wait for each other in a circle.
 */
export function outcomeRows(outcomes: readonly Outcome[]): readonly Readonly<Record<string, unknown>>[] {
  return outcomes
    .toSorted((a, b) => (a.attempt.id < b.attempt.id ? -1 : 1))
    .map((outcome) => ({
      id: outcome.attempt.id,
      retry: outcome.attempt.retryCount,
      spared: 0,
      ...rowOf(outcome),
    }));
}

function rowOf(outcome: Outcome): Readonly<Record<string, unknown>> {
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
