import type { Logger } from "@peek/plugin-base";
import { messageOf, PeekError, toError } from "@peek/errors";
import { pluginDependencies } from "@peek/plugin-base/manifest";
import { errorFields } from "./errorFields.ts";
import { resolveFingerprinted } from "./installedPlugin.ts";
import type { PluginLoaderOptions } from "./LoaderOptions.ts";
import { bindDependencies } from "./order/bindDependencies.ts";
import { type Order, planOrder } from "./order/planOrder.ts";
import { PluginRecord } from "./PluginRecord.ts";
import type { PluginState } from "./PluginState.ts";

/** Which of the enabled plugins can run, and in which order. */
export interface PluginPlan {
  /** Every enabled plugin, by name, in the order of plugin.enabled. */
  readonly records: ReadonlyMap<string, PluginRecord>;
  /** All of them but those on a dependency cycle, dependencies first. */
  readonly order: readonly PluginRecord[];
}

/**
 * Finds every enabled plugin, checks its manifest and its dependencies, and determines the order. No plugin code runs. A
 * mistake in a plugin is its failure.
 */
export function planPlugins(options: PluginLoaderOptions, logger: Logger): PluginPlan {
  return new Planner(options, logger).plan();
}

class Planner {
  readonly #records = new Map<string, PluginRecord>();
  readonly #options: PluginLoaderOptions;
  readonly #logger: Logger;

  constructor(options: PluginLoaderOptions, logger: Logger) {
    this.#options = options;
    this.#logger = logger;
  }

  plan(): PluginPlan {
    const times = Map.groupBy(this.#options.enabled, (name) => name);
    for (const [name, { length }] of times) this.#resolveOne(name, length);
    for (const record of this.#inState("resolved")) this.#bind(record);
    const { order, cyclic } = this.#order();
    for (const [name, error] of cyclic) this.#failByName(name, error);
    return { records: this.#records, order: order.flatMap((name) => this.#records.get(name) ?? []) };
  }

  #fail(record: PluginRecord, error: PeekError): void {
    record.fail(error, undefined);
    this.#logger.error(errorFields(error), "%s failed: %s", record.name, error.message);
  }

  #resolveOne(name: string, times: number): void {
    const { sources, conditions, service } = this.#options;
    const record = new PluginRecord(name, 1);
    this.#records.set(name, record);
    try {
      if (times > 1) throw duplicate(name);
      const resolved = resolveFingerprinted(name, sources, conditions);
      record.resolved = resolved;
      record.moveTo("resolved");
      this.#warnOfMistakes(record);
      record.dependencies = pluginDependencies(resolved.manifest, service);
      if (!resolved.manifest.requiresServices.includes(service)) {
        record.skip(undefined);
        this.#logger.debug("%s is skipped: its plugin_package.json does not require %s", name, service);
      }
    } catch (thrown) {
      this.#fail(record, asPeekError(thrown));
    }
  }

  #bind(record: PluginRecord): void {
    const { service } = this.#options;
    const { waitsFor, error, warnings } = bindDependencies(record.name, record.dependencies, service, (name) => {
      const target = this.#records.get(name);
      if (target === undefined) return undefined;
      const manifest = target.resolved?.manifest;
      return { state: target.state, version: manifest?.plugin.version, services: manifest?.requiresServices ?? [] };
    });
    record.waitsFor = waitsFor;
    for (const warning of warnings) this.#logger.warning(warning);
    if (error !== undefined) this.#fail(record, error);
  }

  /** The order of all that can run. On a cycle, optional dependencies do not count. */
  #order(): Order {
    const bound = this.#inState("resolved", "failed");
    const order = (): Order => planOrder(bound.map((record) => ({ name: record.name, after: record.waitsFor })));
    const first = order();
    for (const record of bound) if (first.cyclic.has(record.name)) this.#dropOptional(record, first.cyclic);
    return first.cyclic.size === 0 ? first : order();
  }

  #dropOptional(record: PluginRecord, cyclic: ReadonlyMap<string, unknown>): void {
    const dropped = record.dependencies.filter(({ name, optional }) => optional && cyclic.has(name));
    for (const { name } of dropped) {
      this.#logger.warning(
        "%s and %s depend on each other: %s runs without its optional dependency %s",
        record.name,
        name,
        record.name,
        name,
      );
    }
    record.waitsFor = record.waitsFor.filter((name) => !dropped.some((dependency) => dependency.name === name));
  }

  #warnOfMistakes(record: PluginRecord): void {
    for (const { path, nearest } of record.resolved?.unknownKeys ?? []) {
      const hint = nearest === undefined ? "" : `; did you mean ${nearest}?`;
      this.#logger.warning("%s: plugin_package.json has an unknown key %s%s", record.name, path, hint);
    }
    for (const source of record.resolved?.shadowed ?? []) {
      this.#logger.warning("%s is also in %s, which is not used", record.name, source);
    }
  }

  #failByName(name: string, error: PeekError): void {
    const record = this.#records.get(name);
    if (record?.isIn("resolved") === true) this.#fail(record, error);
  }

  #inState(...states: readonly PluginState[]): readonly PluginRecord[] {
    return [...this.#records.values()].filter((record) => record.isIn(...states));
  }
}

function duplicate(name: string): PeekError {
  return new PeekError(
    "PLUGIN_DUPLICATE",
    `plugin.enabled names ${name} more than once. Remove all of its entries but one.`,
    { fields: { plugin: name } },
  );
}

function asPeekError(thrown: unknown): PeekError {
  return PeekError.is(thrown) ? thrown : new PeekError("INTERNAL", messageOf(thrown), { cause: toError(thrown) });
}
