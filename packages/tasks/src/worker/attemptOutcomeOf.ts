import { backoffMs } from "@peek/kit";
import type { AttemptOutcome, FetchedTask } from "../queue/TaskQueue.ts";
import type { AttemptResult } from "./attemptResult.ts";

/** The outcome to record for a try that was not aborted. */
export function attemptOutcomeOf(
  { id, retryCount, failures, retry }: FetchedTask,
  result: AttemptResult,
): AttemptOutcome {
  const attempt = { id, retryCount };
  if (result.kind === "done") return { kind: "done", attempt, output: result.output };
  const { error } = result;
  const count = failures + 1;
  if (result.isFinal || count >= retry.tries) return { kind: "failed", attempt, error, failures: count };
  const delayMs = backoffMs(failures, { firstMs: retry.delayMs, maxMs: retry.maxDelayMs, fixedShare: 0.9 });
  return { kind: "retry", attempt, error, failures: count, delayMs: Math.round(delayMs) };
}
