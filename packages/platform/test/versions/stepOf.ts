import { watch } from "node:fs";
import type { PumpVersions } from "./pumpVersions.ts";

/**
 * Resolves when the journal has a step of a change, seen from outside the service.
 *
 * @param step undefined for the end of a change that the journal had before.
 * @param tries The starts that have tried to complete it. Default: 0.
 */
export async function stepOf(versions: PumpVersions, step: string | undefined, tries = 0): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let hasBegun = false;
  const look = (): void => {
    const { entry } = versions;
    hasBegun ||= entry !== undefined;
    if (hasBegun && entry?.step === step && (entry === undefined || entry.tries === tries)) resolve();
  };
  const watcher = watch(versions.journalDir, look);
  await promise;
  watcher.close();
}
