import type { AttemptOutcome, TaskError } from "./TaskQueue.ts";

type Done = Extract<AttemptOutcome, { readonly kind: "done" }>;

/** Sorts outcomes by task id: two statements that lock their rows in the same order cannot deadlock. */
export function inLockOrder(outcomes: readonly AttemptOutcome[]): readonly AttemptOutcome[] {
  return outcomes.toSorted((a, b) => (a.attempt.id < b.attempt.id ? -1 : 1));
}

/** Whether all tries are done: then settleDoneSql serves. */
export function areDone(outcomes: readonly AttemptOutcome[]): outcomes is readonly Done[] {
  return outcomes.every(({ kind }) => kind === "done");
}

/** The values of settleDoneSql after the queue. */
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
      // A try that ended does not count as lost.
      return { state: "retry", delayMs, output: { error: storable(error) }, failures, spared: 1 };
    }
    case "failed":
      return {
        state: "failed",
        output: { error: storable(outcome.error) },
        failures: outcome.failures,
      };
    default:
      // Handed back. Its try number is not reused: a worker that lost the answer of the database may report it twice.
      return { state: "retry", delayMs: 0, spared: 1, unbegun: !outcome.begun };
  }
}

/** Replaces characters that PostgreSQL cannot store: one of them would fail the whole batch. */
function storable({ code, message }: TaskError): TaskError {
  return { code, message: message.replaceAll("\0", "\u{FFFD}").toWellFormed() };
}
