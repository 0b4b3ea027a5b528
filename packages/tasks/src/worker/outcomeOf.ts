import type { Outcome, TakenTask } from "../queue/TaskQueue.ts";
import type { Result } from "./failure.ts";

/** What is recorded of a try that came to an end by itself. */
export function outcomeOf({ id, retryCount, failures, retry }: TakenTask, result: Result): Outcome {
  const attempt = { id, retryCount };
  if (result.kind === "done") return { kind: "done", attempt, output: result.output };
  const { error } = result;
  const count = failures + 1;
  if (result.isFinal || count >= retry.tries) return { kind: "failed", attempt, error, failures: count };
  const delayMs = Math.min(retry.delayMs * 2 ** failures, retry.maxDelayMs);
  // Those that failed together do not come back together.
  return { kind: "retry", attempt, error, failures: count, delayMs: Math.round(delayMs * (0.9 + Math.random() * 0.1)) };
}
