import type { Logger } from "@peek/plugin-base";
import { messageOf, PeekError, toError } from "@peek/errors";
import { pluginDependencies } from "@peek/plugin-base/manifest";
import type { PluginLoaderOptions } from "./LoaderOptions.ts";
import { resolveMarked } from "./installed.ts";
import { bindDependencies } from "./order/bindDependencies.ts";
import { type Order, planOrder } from "./order/planOrder.ts";
import { PluginRecord } from "./PluginRecord.ts";
import type { PluginState } from "./PluginState.ts";

/** Which of the enabled plugins can run, and in which order. No plugin code runs for it. */
export class PluginPlan {
  /** Every enabled plugin, by name, in the order of plugin.enabled; filled by {@link settle}. */
  readonly records = new Map<string, PluginRecord>();
  readonly #options: PluginLoaderOptions;
  readonly #logger: Logger;
  readonly #fail: (record: PluginRecord, error: PeekError) => void;

  /** @param fail Makes a plugin fail. */
  constructor(options: PluginLoaderOptions, logger: Logger, fail: (record: PluginRecord, error: PeekError) => void) {
    this.#options = options;
    this.#logger = logger;
    this.#fail = fail;
  }

  /** Finds every plugin, checks its manifest and its dependencies. Returns all but those on a circle, in their order. */
  settle(): readonly PluginRecord[] {
    const times = Map.groupBy(this.#options.enabled, (name) => name);
    for (const [name, { length }] of times) this.#resolveOne(name, length);
    for (const record of this.#inState("resolved")) this.#bind(record);
    const { order, cyclic } = this.#plan();
    for (const [name, error] of cyclic) this.#failByName(name, error);
    return order.flatMap((name) => this.records.get(name) ?? []);
  }

  #resolveOne(name: string, times: number): void {
    const { sources, conditions, service } = this.#options;
    const record = new PluginRecord(name);
    this.records.set(name, record);
    try {
      if (times > 1) throw duplicate(name);
      const resolved = resolveMarked(name, sources, conditions);
      record.resolved = resolved;
      record.moveTo("resolved");
      this.#warnOfOddities(record);
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
      const target = this.records.get(name);
      if (target === undefined) return undefined;
      const manifest = target.resolved?.manifest;
      return { state: target.state, version: manifest?.plugin.version, services: manifest?.requiresServices ?? [] };
    });
    record.waitsFor = waitsFor;
    for (const warning of warnings) this.#logger.warning(warning);
    if (error !== undefined) this.#fail(record, error);
  }

  /** The order of all that can run. On a circle, optional dependencies do not count. */
  #plan(): Order {
    const bound = this.#inState("resolved", "failed");
    const plan = (): Order => planOrder(bound.map((record) => ({ name: record.name, after: record.waitsFor })));
    const first = plan();
    for (const record of bound) if (first.cyclic.has(record.name)) this.#forgoOptional(record, first.cyclic);
    return first.cyclic.size === 0 ? first : plan();
  }

  #forgoOptional(record: PluginRecord, cyclic: ReadonlyMap<string, unknown>): void {
    const forgone = record.dependencies.filter(({ name, optional }) => optional && cyclic.has(name));
    for (const { name } of forgone) {
      this.#logger.warning(
        "%s goes without %s, which it could do without, since they depend on each other",
        record.name,
        name,
      );
    }
    record.waitsFor = record.waitsFor.filter((name) => !forgone.some((dependency) => dependency.name === name));
  }

  #warnOfOddities(record: PluginRecord): void {
    for (const { path, nearest } of record.resolved?.unknownKeys ?? []) {
      const hint = nearest === undefined ? "" : `; did you mean ${nearest}?`;
      this.#logger.warning("%s: plugin_package.json has a key %s that is not known%s", record.name, path, hint);
    }
    for (const source of record.resolved?.shadowed ?? []) {
      this.#logger.warning("%s is also in %s, which is not used", record.name, source);
    }
  }

  #failByName(name: string, error: PeekError): void {
    const record = this.records.get(name);
    if (record?.isIn("resolved") === true) this.#fail(record, error);
  }

  #inState(...states: readonly PluginState[]): readonly PluginRecord[] {
    return [...this.records.values()].filter((record) => record.isIn(...states));
  }
}

function duplicate(name: string): PeekError {
  return new PeekError("PLUGIN_DUPLICATE", `${name} stands in plugin.enabled more than once. Remove all but one.`, {
    fields: { plugin: name },
  });
}

function asPeekError(thrown: unknown): PeekError {
  return PeekError.is(thrown) ? thrown : new PeekError("INTERNAL", messageOf(thrown), { cause: toError(thrown) });
}
