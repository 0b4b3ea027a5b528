import type { PeekError } from "@peek/errors";
import type { PluginRecord } from "../PluginRecord.ts";
import type { ChangeParts } from "./ChangeParts.ts";
import type { PreparedChange } from "./ChangePreparer.ts";
import type { StepTimer } from "./StepTimer.ts";

/** Puts the new generations of one change in the place of the old ones, and back. */
export class Replacement {
  readonly #parts: ChangeParts;
  readonly #change: PreparedChange;
  readonly #steps: StepTimer;

  constructor(parts: ChangeParts, change: PreparedChange, steps: StepTimer) {
    this.#parts = parts;
    this.#change = change;
    this.#steps = steps;
  }

  /** The present generations of the running plugins that the change stops; dependencies first. */
  get toStop(): readonly PluginRecord[] {
    return this.#present(this.#change.plan.stop.toReversed());
  }

  /** The present generations of the plugins that the change starts; dependencies first. */
  get started(): readonly PluginRecord[] {
    return this.#present(this.#change.plan.start);
  }

  /**
   * Those of {@link started} whose failure reverts the change: the plugin itself, and the ones that ran before. A plugin that
   * could not run before the change may fail.
   */
  get watched(): readonly PluginRecord[] {
    const { plan, request } = this.#change;
    return this.started.filter(({ name }) => name === request.plugin || plan.stop.includes(name));
  }

  /** Why the plugins do not run as the change planned it: the record that has failed, or else one that is blocked. */
  get failed(): PluginRecord | undefined {
    const { watched } = this;
    return watched.find((record) => record.isIn("failed")) ?? watched.find((record) => record.isIn("blocked"));
  }

  /** Stops and unloads plugins. Their failures at the end block no others. */
  async takeDown(records: readonly PluginRecord[]): Promise<void> {
    for (const record of records) record.isReplaced = true;
    await this.#parts.lifecycle.takeDown(records);
  }

  /** Puts the new generations in their places, and loads and starts them; they are started only if all watched ones were loaded. */
  async takeUpNew(): Promise<void> {
    const { plan, request, next } = this.#change;
    const { registry } = this.#parts;
    if (next === undefined) registry.remove(request.plugin);
    for (const name of plan.start) {
      const record = name === next?.name ? next : this.#successor(name, plan.waitsFor.get(name) ?? []);
      if (record !== undefined) registry.put(record);
    }
    for (const { name, error } of plan.fallen) this.#fall(name, error);
    registry.reorder(plan.order);
    await this.#takeUp();
  }

  /** Puts the versions before the change back in their places, and loads and starts them. */
  async takeUpOld(): Promise<void> {
    const { plan, before, orderBefore } = this.#change;
    const { registry } = this.#parts;
    for (const name of plan.start) {
      const old = before.get(name);
      if (old === undefined) registry.remove(name);
      // One that did not run is what it was.
      else registry.put(plan.stop.includes(name) ? broughtBack(old, registry.nextGeneration(name)) : old);
    }
    registry.reorder(orderBefore);
    await this.#takeUp();
  }

  async #takeUp(): Promise<void> {
    const { registry, lifecycle } = this.#parts;
    // A dependency outside the change may have failed meanwhile.
    for (const record of registry.inState("failed", "skipped")) lifecycle.blockDependantsOf(record);
    this.#steps.begin("load");
    await lifecycle.takeUp(this.started, "resolved");
    if (this.failed !== undefined) return;
    this.#steps.begin("start");
    await lifecycle.takeUp(this.started, "loaded");
  }

  /** Registers a plugin that cannot run any more; its dependants are blocked by it. */
  #fall(name: string, error: PeekError | undefined): void {
    const record = this.#successor(name, []);
    if (record === undefined) return;
    this.#parts.registry.put(record);
    if (error !== undefined) this.#parts.lifecycle.fail(record, error, undefined);
  }

  #successor(name: string, waitsFor: readonly string[]): PluginRecord | undefined {
    return this.#change.before.get(name)?.successor(this.#parts.registry.nextGeneration(name), waitsFor);
  }

  #present(names: readonly string[]): readonly PluginRecord[] {
    return names.flatMap((name) => this.#parts.registry.find(name) ?? []);
  }
}

function broughtBack(old: PluginRecord, generation: number): PluginRecord {
  const record = old.successor(generation, old.waitsFor);
  record.isBroughtBack = true;
  return record;
}
