import type { PluginRecord } from "./PluginRecord.ts";
import type { PluginState } from "./PluginState.ts";

/** The enabled plugins of one service, and which of them depend on which. */
export class PluginRegistry {
  #records: ReadonlyMap<string, PluginRecord> = new Map();
  #order: readonly PluginRecord[] = [];

  /**
   * Replaces all plugins.
   *
   * @param records By name, in the order of plugin.enabled.
   * @param order Those that can run, dependencies first.
   */
  replace(records: ReadonlyMap<string, PluginRecord>, order: readonly PluginRecord[]): void {
    this.#records = records;
    this.#order = order;
  }

  /** Every enabled plugin, in the order of plugin.enabled. */
  get all(): readonly PluginRecord[] {
    return [...this.#records.values()];
  }

  /** The plugins that can run, dependencies first. */
  get order(): readonly PluginRecord[] {
    return this.#order;
  }

  /** The enabled plugin of a name. */
  find(name: string): PluginRecord | undefined {
    return this.#records.get(name);
  }

  /** The enabled plugins that are in one of these states. */
  inState(...states: readonly PluginState[]): readonly PluginRecord[] {
    return this.all.filter((record) => record.isIn(...states));
  }

  /** The plugins that a plugin requires directly; optional dependencies do not count. */
  requiredBy(record: PluginRecord): readonly PluginRecord[] {
    return record.dependencies.flatMap((dependency) =>
      dependency.optional ? [] : (this.#records.get(dependency.name) ?? []),
    );
  }

  /** The plugins that require a plugin, also through others; the last in the order comes first. */
  dependantsOf(record: PluginRecord): readonly PluginRecord[] {
    const without = new Set([record]);
    for (const other of this.#order) {
      if (this.requiredBy(other).some((dependency) => without.has(dependency))) without.add(other);
    }
    without.delete(record);
    return this.#order.toReversed().filter((other) => without.has(other));
  }

  /** Whether the plugin `name` requires the plugin `on`, also through others. */
  dependsOn(name: string, on: string): boolean {
    const target = this.#records.get(on);
    return target !== undefined && this.dependantsOf(target).some((dependant) => dependant.name === name);
  }
}
