import { join } from "node:path";
import { format } from "node:util";
import {
  type ChangeKind,
  type ChangeResult,
  FolderSource,
  type HookDeadlines,
  PluginLoader,
  type PluginLoaderOptions,
  type PluginStatus,
} from "@peek/loader";
import type { Logger } from "@peek/plugin-base";
import { type TestPlugin, writePlugin } from "./pluginFolders.ts";

/** What tests that do not ask for others wait at most. */
export const deadlines: HookDeadlines = {
  warnMs: 5000,
  migrateMs: 5000,
  loadMs: 60_000,
  startMs: 50_000,
  stopMs: 10_000,
  unloadMs: 8000,
  suspendMs: 5000,
  shutdownMs: 30_000,
};

/** A loader with plugins that a test wrote down, and what it logged. */
export class TestLoader {
  readonly loader: PluginLoader;
  readonly lines: string[] = [];
  readonly #base: string;

  /**
   * @param base The folder that the plugins are written to.
   * @param plugins By name; all of them are enabled unless options say otherwise.
   */
  constructor(base: string, plugins: Readonly<Record<string, TestPlugin>>, options: Partial<PluginLoaderOptions> = {}) {
    this.#base = base;
    const dirs = Object.entries(plugins).map(([name, plugin]) => writePlugin(base, name, plugin));
    this.loader = new PluginLoader({
      service: "logic",
      serviceVersion: "7.8.9",
      enabled: Object.keys(plugins),
      sources: [new FolderSource(dirs)],
      conditions: [],
      dataPath: join(base, "data"),
      deadlines,
      probeMs: 0,
      getLogger: (name) => this.#logger(name),
      ...options,
    });
  }

  async resolved(): Promise<this> {
    await this.loader.resolve();
    return this;
  }

  async loaded(): Promise<this> {
    await this.loader.resolve();
    await this.loader.load();
    return this;
  }

  async started(): Promise<this> {
    await this.loaded();
    await this.loader.start();
    return this;
  }

  /** Writes another version of a plugin in the place of the one before. */
  install(name: string, plugin: TestPlugin): void {
    writePlugin(this.#base, name, plugin);
  }

  /** Changes a plugin, and watches the new generation for no time unless the options of the loader say otherwise. */
  async change(kind: ChangeKind, plugin: string): Promise<ChangeResult> {
    return await this.loader.change({ kind, plugin });
  }

  /** The state of every plugin. */
  get states(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.loader.status().map((status) => [status.name, status.state]));
  }

  status(name: string): PluginStatus {
    const status = this.loader.status().find((each) => each.name === name);
    if (status === undefined) throw new Error(`There is no ${name}`);
    return status;
  }

  /** The lines of a level. */
  logged(level: keyof Logger): readonly string[] {
    return this.lines.filter((line) => line.startsWith(`${level} `));
  }

  #logger(name: string): Logger {
    const method =
      (level: string) =>
      (...given: readonly unknown[]): void => {
        const values = typeof given[0] === "object" ? given.slice(1) : given;
        this.lines.push(`${level} ${name}: ${format(...values)}`);
      };
    return {
      debug: method("debug"),
      info: method("info"),
      warning: method("warning"),
      error: method("error"),
      critical: method("critical"),
      isLevelEnabled: () => true,
    };
  }
}
