import { defaultAnswerGraceMs } from "./connection/clientConfig.ts";
import { defaultHealthMonitorTiming, type HealthMonitorTiming } from "./health/HealthMonitor.ts";
import { defaultCleanupIntervalMs } from "./outbox/OutboxConsumer.ts";
import { defaultReconcilerTiming, type TriggerReconcilerTiming } from "./outbox/TriggerReconciler.ts";

/** The intervals and time limits of background work. */
export interface StorageTiming {
  readonly health: HealthMonitorTiming;
  readonly reconciler: TriggerReconcilerTiming;
  /** The interval of removing changes that were read from the outbox. */
  readonly cleanupIntervalMs: number;
  /** The time beyond a statement's limit on the server after which its connection counts as dead. */
  readonly answerGraceMs: number;
}

/** The timing of services. Tests set shorter times. */
export const defaultStorageTiming: StorageTiming = {
  health: defaultHealthMonitorTiming,
  reconciler: defaultReconcilerTiming,
  cleanupIntervalMs: defaultCleanupIntervalMs,
  answerGraceMs: defaultAnswerGraceMs,
};
