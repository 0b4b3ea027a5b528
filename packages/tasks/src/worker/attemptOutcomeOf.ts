import type { AttemptOutcome, FetchedTask } from "../queue/TaskQueue.ts";
import type { AttemptResult } from "./attemptResult.ts";

/** What is recorded of a try that came to an end by itself. */
export function attemptOutcomeOf(
  { id, retryCount, failures, retry }: FetchedTask,
  result: AttemptResult,
): AttemptOutcome {
  const attempt = { id, retryCount };
  if (result.kind === "done") return { kind: "done", attempt, output: result.output };
  const { error } = result;
  const count = failures + 1;
  if (result.isFinal || count >= retry.tries) return { kind: "failed", attempt, error, failures: count };
  const delayMs = Math.min(retry.delayMs * 2 ** failures, retry.maxDelayMs);
  // Those that failed together do not come back together.
  return { kind: "retry", attempt, error, failures: count, delayMs: Math.round(delayMs * (0.9 + Math.random() * 0.1)) };
}
