import { PeekError } from "@peek/errors";
import { settledOrAborted } from "@peek/kit";
import { errorPlace } from "../errorPlace.ts";
import type { PluginRecord } from "../PluginRecord.ts";
import { ChangeCommitter, type CommitResult } from "./ChangeCommitter.ts";
import type { ChangeParts } from "./ChangeParts.ts";
import { ChangePreparer, type PreparedChange } from "./ChangePreparer.ts";
import { changeCancelled } from "./changeCancelled.ts";
import type { ChangeContext } from "./ChangeQueue.ts";
import type { ChangeError, ChangeRequest, ChangeResult, PlannedChange, VersionedGeneration } from "./PluginChange.ts";
import { StepTimer } from "./StepTimer.ts";

/** Executes one change from its plan to its result. */
export class ChangeExecutor {
  readonly #parts: ChangeParts;

  constructor(parts: ChangeParts) {
    this.#parts = parts;
  }

  /** A mistake in the plugin is in the result; only faults of the platform are thrown. */
  async execute(request: ChangeRequest, context: ChangeContext): Promise<ChangeResult> {
    const at = new Date().toISOString();
    const from = versionOf(this.#parts.registry.find(request.plugin));
    const steps = new StepTimer(context.onStep);
    const prepared = await this.#prepare(request, steps, context);
    const committed: CommitResult | Refusal = isRefusal(prepared)
      ? prepared
      : await new ChangeCommitter(this.#parts, prepared, steps, context).commit();
    steps.end();
    const to = versionOf(this.#parts.registry.find(request.plugin));
    const result: ChangeResult = {
      ...request,
      at,
      ...(from && { from }),
      ...(to && { to }),
      ...this.#effects(isRefusal(prepared) ? undefined : prepared),
      durations: steps.durations,
      ...committed,
    };
    this.#log(result);
    return result;
  }

  async #prepare(
    request: ChangeRequest,
    steps: StepTimer,
    { signal, confirm }: ChangeContext,
  ): Promise<PreparedChange | Refusal> {
    try {
      const prepared = await new ChangePreparer(this.#parts).prepare(request, steps, signal);
      steps.end();
      if (confirm !== undefined && !signal.aborted) {
        const confirmed = confirm(plannedChange(prepared));
        await settledOrAborted(confirmed, signal);
        if (!signal.aborted) await confirmed;
        // A plugin may have failed meanwhile.
        await this.#parts.lifecycle.teardowns();
      }
      return signal.aborted ? refusal(changeCancelled(request)) : prepared;
    } catch (error) {
      if (signal.aborted) return refusal(changeCancelled(request));
      if (!PeekError.is(error)) throw error;
      return refusal(error, this.#parts.registry.find(request.plugin)?.resolved?.rootDir);
    }
  }

  #effects(change: PreparedChange | undefined): Pick<ChangeResult, "restarted" | "ended"> {
    if (change === undefined) return { restarted: [], ended: [] };
    const { plan, request } = change;
    const runs = (name: string): boolean => this.#parts.registry.find(name)?.isIn("started") === true;
    return {
      restarted: plan.start.filter((name) => name !== request.plugin && runs(name)),
      ended: plan.stop.filter((name) => name !== request.plugin && !runs(name)),
    };
  }

  #log({ plugin, kind, outcome, from, to, restarted, ended, durations, error }: ChangeResult): void {
    const { logger } = this.#parts;
    const ms = Math.round(
      Object.entries(durations).reduce((sum, [step, each]) => sum + (step === "probe" ? 0 : each), 0),
    );
    const others = [...listed("restarted", restarted), ...listed("ended", ended)].join("");
    const fields = { change: kind, plugin, outcome, durations };
    if (error === undefined) {
      logger.info(fields, "%s: %s done in %d ms, %s → %s%s", plugin, kind, ms, titleOf(from), titleOf(to), others);
      return;
    }
    const wasCancelled = error.code === "CHANGE_CANCELLED" && outcome === "refused";
    const level = wasCancelled ? "info" : outcome === "refused" ? "warning" : "error";
    const why = error.place === undefined ? error.message : `${error.message} (${error.place})`;
    logger[level]({ ...fields, code: error.code }, "%s: %s %s: %s%s", plugin, kind, outcome, why, others);
  }
}

function plannedChange({ request, plan, next, before, migrations }: PreparedChange): PlannedChange {
  const manifest = (next ?? before.get(request.plugin))?.resolved?.manifest;
  return {
    version: manifest?.plugin.version,
    services: manifest?.requiresServices ?? [],
    stop: plan.stop,
    start: plan.start,
    end: plan.fallen.map(({ name }) => name),
    migrations,
  };
}

interface Refusal {
  readonly outcome: "refused";
  readonly error: ChangeError;
}

/** @param rootDir The folder of the plugin whose code may have thrown. */
function refusal(error: PeekError, rootDir?: string): Refusal {
  const { code, message } = error;
  const place = rootDir === undefined ? undefined : errorPlace(error, rootDir);
  return { outcome: "refused", error: { code, message, ...(place !== undefined && { place }) } };
}

function isRefusal(prepared: PreparedChange | Refusal): prepared is Refusal {
  return "outcome" in prepared;
}

function versionOf(record: PluginRecord | undefined): VersionedGeneration | undefined {
  if (record === undefined) return undefined;
  return { version: record.resolved?.manifest.plugin.version, generation: record.generation };
}

function titleOf(version: VersionedGeneration | undefined): string {
  return version === undefined ? "not enabled" : `${version.version ?? "unknown"} (generation ${version.generation})`;
}

function listed(what: string, names: readonly string[]): readonly string[] {
  return names.length === 0 ? [] : [`; ${what}: ${names.join(", ")}`];
}
