import { realpathSync } from "node:fs";
import { PeekError } from "@peek/errors";
import { packageNameOf } from "@peek/plugin-base";
import { nodeOf, resolveRecord } from "../planPlugins.ts";
import { entryHookMissing } from "../PluginRunner.ts";
import { PluginRecord } from "../PluginRecord.ts";
import type { ChangeParts } from "./ChangeParts.ts";
import { type ChangePlan, planChange, type PresentPlugin, refusalOf } from "./planChange.ts";
import type { ChangeRequest, PlannedMigration } from "./PluginChange.ts";
import type { StepTimer } from "./StepTimer.ts";

/** A change that has been planned, and whose new code has been imported. Nothing has been stopped. */
export interface PreparedChange {
  readonly request: ChangeRequest;
  readonly plan: ChangePlan;
  /** The new generation of the plugin; undefined where it is to be disabled. */
  readonly next: PluginRecord | undefined;
  /** All enabled plugins before the change, by name. */
  readonly before: ReadonlyMap<string, PluginRecord>;
  /** Their order, dependencies first. */
  readonly orderBefore: readonly string[];
  readonly migrations: readonly PlannedMigration[];
}

/** Plans changes, and imports the new code: the steps that stop nothing. */
export class ChangePreparer {
  readonly #parts: ChangeParts;

  constructor(parts: ChangeParts) {
    this.#parts = parts;
  }

  /**
   * @param signal Fires when the service begins to stop.
   * @throws PeekError when the change is refused.
   */
  async prepare(request: ChangeRequest, steps: StepTimer, signal: AbortSignal): Promise<PreparedChange> {
    const { registry, lifecycle, options, logger } = this.#parts;
    steps.begin("plan");
    await lifecycle.teardowns();
    const present = registry.all.map(presentOf);
    const refusal = refusalOf(present, request);
    if (refusal !== undefined) throw refusal;
    const next = request.kind === "disable" ? undefined : this.#lookUp(request);
    const plan = planChange(present, request, next && nodeOf(next), options.service);
    if (PeekError.is(plan)) throw plan;
    for (const warning of plan.warnings) logger.warning("%s", warning);
    const before = new Map(registry.all.map((record) => [record.name, record]));
    const orderBefore = registry.order.map(({ name }) => name);
    const prepared = { request, plan, next, before, orderBefore };
    if (next === undefined) return { ...prepared, migrations: [] };
    steps.begin("prepare");
    next.waitsFor = plan.waitsFor.get(next.name) ?? [];
    next.isBroughtBack = request.isRevert === true;
    await this.#import(next);
    return { ...prepared, migrations: await this.#planMigrations(next, request.rehearse === true, signal) };
  }

  #lookUp({ plugin, folder }: ChangeRequest): PluginRecord {
    const { registry, options, logger } = this.#parts;
    for (const source of options.sources) source.refresh?.();
    const record = new PluginRecord(plugin, registry.nextGeneration(plugin));
    if (folder === undefined) {
      resolveRecord(record, options, logger);
      return record;
    }
    const packageName = packageNameOf(plugin);
    const sources = options.sources.map((source) => source.withVersion?.(packageName, folder) ?? source);
    resolveRecord(record, { ...options, sources }, logger);
    if (record.rootDir !== realpathSync.native(folder)) throw shadowed(record, folder);
    return record;
  }

  async #import(next: PluginRecord): Promise<void> {
    const { registry, hooks, entryHooks, versions, options } = this.#parts;
    next.moduleVersion = await versions.lookUp(next.rootDir);
    registry.remember(next);
    const failure = await hooks.run(next, "import", () => entryHooks.import(next));
    if (failure !== undefined) throw failure.error;
    if (next.entryHookClass === undefined) throw entryHookMissing(next.name, options.service);
  }

  async #planMigrations(
    next: PluginRecord,
    rehearse: boolean,
    signal: AbortSignal,
  ): Promise<readonly PlannedMigration[]> {
    const { hooks, options } = this.#parts;
    const extensions = (options.extensions ?? []).filter((extension) => extension.appliesTo(next.info));
    const abandoned = new AbortController();
    const given = AbortSignal.any([signal, abandoned.signal]);
    const planned: PlannedMigration[] = [];
    const failure = await hooks.run(next, "migrate", async () => {
      for (const extension of extensions)
        planned.push(...((await extension.planMigrations?.(next.info, rehearse, given)) ?? []));
    });
    abandoned.abort();
    if (failure !== undefined) throw failure.error;
    return planned;
  }
}

/** A plugin that failed with one of these does not run only because of others. */
const waitingCodes: ReadonlySet<string> = new Set([
  "DEPENDENCY_MISSING",
  "DEPENDENCY_VERSION",
  "DEPENDENCY_CYCLE",
  "DEPENDENCY_FAILED",
]);

function presentOf(record: PluginRecord): PresentPlugin {
  return { ...nodeOf(record), waitsFor: record.waitsFor, activity: activityOf(record) };
}

function activityOf(record: PluginRecord): PresentPlugin["activity"] {
  if (record.isIn("started")) return "running";
  const isWaiting = record.isIn("failed", "blocked") && waitingCodes.has(record.failure?.code ?? "");
  return isWaiting ? "waiting" : "ended";
}

function shadowed({ name, rootDir, resolved }: PluginRecord, folder: string): PeekError {
  return new PeekError(
    "PLUGIN_SHADOWED",
    `${name} of ${resolved?.source ?? rootDir} comes before the installed versions, so that ${folder} cannot run. Remove it from there.`,
    { fields: { plugin: name, rootDir, folder } },
  );
}
