import type { Logger } from "@peek/plugin-base";
import { messageOf, PeekError, toError } from "@peek/errors";
import { pluginDependencies } from "@peek/plugin-base/manifest";
import { errorFields } from "./errorFields.ts";
import { resolveFingerprinted } from "./installedPlugin.ts";
import type { PluginLoaderOptions } from "./LoaderOptions.ts";
import { bindPlugins, type PluginNode } from "./order/bindPlugins.ts";
import { PluginRecord } from "./PluginRecord.ts";

/** Which of the enabled plugins can run, and in which order. */
export interface PluginPlan {
  /** Every enabled plugin, by name, in the order of plugin.enabled. */
  readonly records: ReadonlyMap<string, PluginRecord>;
  /** The names of all that have a part for the service, except those on a dependency cycle; dependencies first. */
  readonly order: readonly string[];
}

/**
 * Finds the package of a plugin and checks its manifest. The record is `resolved` then. Warns of keys that the manifest should not
 * have, and of further packages.
 *
 * @throws PeekError as {@link resolveFingerprinted}
 */
export function resolveRecord(
  record: PluginRecord,
  { sources, conditions, service }: Pick<PluginLoaderOptions, "sources" | "conditions" | "service">,
  logger: Logger,
): void {
  const { name } = record;
  const resolved = resolveFingerprinted(name, sources, conditions);
  record.resolved = resolved;
  record.moveTo("resolved");
  for (const { path, nearest } of resolved.unknownKeys) {
    const hint = nearest === undefined ? "" : `; did you mean ${nearest}?`;
    logger.warning("%s: plugin_package.json has an unknown key %s%s", name, path, hint);
  }
  for (const source of resolved.shadowed) logger.warning("%s is also in %s, which is not used", name, source);
  record.dependencies = pluginDependencies(resolved.manifest, service);
}

/** The facts about a plugin that its dependencies are bound by. */
export function nodeOf(record: PluginRecord): PluginNode {
  const manifest = record.resolved?.manifest;
  return {
    name: record.name,
    state: record.state,
    version: manifest?.plugin.version,
    services: manifest?.requiresServices ?? [],
    dependencies: record.dependencies,
  };
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
    const records = [...this.#records.values()];
    const { waitsFor, errors, warnings, order } = bindPlugins(records.map(nodeOf), this.#options.service);
    for (const warning of warnings) this.#logger.warning("%s", warning);
    for (const record of records) {
      record.waitsFor = waitsFor.get(record.name) ?? [];
      const error = errors.get(record.name);
      if (error !== undefined && record.isIn("resolved")) this.#fail(record, error);
    }
    return { records: this.#records, order };
  }

  #fail(record: PluginRecord, error: PeekError): void {
    record.fail(error, undefined);
    this.#logger.error(errorFields(error), "%s failed: %s", record.name, error.message);
  }

  #resolveOne(name: string, times: number): void {
    const { service } = this.#options;
    const record = new PluginRecord(name, 1);
    this.#records.set(name, record);
    try {
      if (times > 1) throw duplicate(name);
      resolveRecord(record, this.#options, this.#logger);
      if (!record.manifest.requiresServices.includes(service)) {
        record.skip(undefined);
        this.#logger.debug("%s is skipped: its plugin_package.json does not require %s", name, service);
      }
    } catch (thrown) {
      this.#fail(record, asPeekError(thrown));
    }
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
