import { pathToFileURL } from "node:url";
import type { AttributableGeneration } from "./attributeError.ts";
import type { PluginRecord } from "./PluginRecord.ts";
import type { PluginState } from "./PluginState.ts";

/** How many generations of one plugin are remembered, so that a late error is attributed to one of them. */
const maxRemembered = 100;

/** The enabled plugins of one service, each with its present generation, and which of them depend on which. */
export class PluginRegistry {
  readonly #records = new Map<string, PluginRecord>();
  #order: readonly string[] = [];
  /** All generations of each plugin, also of those that are not enabled any more; the last one last. */
  readonly #generations = new Map<string, AttributableGeneration[]>();

  /** Every enabled plugin, in the order of plugin.enabled. */
  get all(): readonly PluginRecord[] {
    return [...this.#records.values()];
  }

  /** The plugins that can run, dependencies first. */
  get order(): readonly PluginRecord[] {
    return this.#order.flatMap((name) => this.#records.get(name) ?? []);
  }

  /** Makes a record the present generation of its plugin; the plugin is the last one if it was not enabled. */
  put(record: PluginRecord): void {
    this.#records.set(record.name, record);
    this.remember(record);
  }

  /** Removes a plugin that is not enabled any more. */
  remove(name: string): void {
    this.#records.delete(name);
  }

  /** @param names The plugins that can run, dependencies first. */
  reorder(names: readonly string[]): void {
    this.#order = names;
  }

  /** The number of the next generation of a plugin. */
  nextGeneration(name: string): number {
    return Math.max(0, ...(this.#generations.get(name) ?? []).map(({ generation }) => generation)) + 1;
  }

  /** Takes note of a generation whose code is about to run, so that errors are attributed to it. */
  remember({ name, generation, resolved, moduleVersion }: PluginRecord): void {
    const known = this.#generations.get(name) ?? [];
    this.#generations.set(name, known);
    if (known.some((each) => each.generation === generation)) return;
    const rootDir = resolved?.rootDir ?? "";
    const rootUrl = `${pathToFileURL(rootDir).href}/`;
    known.push({ name, generation, rootDir, rootUrl, moduleVersion });
    if (known.length > maxRemembered) known.shift();
  }

  /** All generations whose code may still run, the last one of each plugin last. */
  get generations(): readonly AttributableGeneration[] {
    return [...this.#generations.values()].flat().filter(({ rootDir }) => rootDir !== "");
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
    const { order } = this;
    for (const other of order) {
      if (this.requiredBy(other).some((dependency) => without.has(dependency))) without.add(other);
    }
    without.delete(record);
    return order.toReversed().filter((other) => without.has(other));
  }

  /** Whether the plugin `name` requires the plugin `on`, also through others. */
  dependsOn(name: string, on: string): boolean {
    const target = this.#records.get(on);
    return target !== undefined && this.dependantsOf(target).some((dependant) => dependant.name === name);
  }
}
