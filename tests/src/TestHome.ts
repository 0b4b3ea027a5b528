import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { ServiceConfigInput } from "@peek/config";
import { copyEmbeddedDatabase } from "./embeddedDatabase.ts";
import { freePort } from "./freePort.ts";
import { type PluginPackageOptions, requiresStorage, writePlugins } from "./pluginPackage.ts";
import { processesOn } from "./processesOn.ts";
import { RunningProcess, type RunOptions } from "./RunningProcess.ts";
import { makeFolder } from "./temporaryFolder.ts";
import { serviceCommand } from "./workspace.ts";

/** A service's home in a temporary folder, and the built command that runs on it. */
export class TestHome implements AsyncDisposable {
  /** The value of PEEK_HOME. */
  readonly base: string;
  readonly service: string;

  private constructor(base: string, service: string) {
    this.base = base;
    this.service = service;
  }

  /** A base folder without a home. */
  static async make(service = "logic"): Promise<TestHome> {
    return new TestHome(await makeFolder(), service);
  }

  /**
   * A home with a config.json, and installed and enabled plugins. Where a plugin requires storage, the home of logic has an embedded
   * database that no plugin has used yet.
   */
  static async with(
    config: ServiceConfigInput,
    plugins: readonly PluginPackageOptions[] = [],
    service = "logic",
  ): Promise<TestHome> {
    const home = await TestHome.make(service);
    await home.#fill(config, plugins);
    return home;
  }

  /** A home below a base folder that the caller removes. */
  static async at(base: string, service: string, config: ServiceConfigInput): Promise<TestHome> {
    const home = new TestHome(base, service);
    await home.#fill(config, []);
    return home;
  }

  /** The home of another service in the same base folder, which this one removes. */
  async beside(
    service: string,
    config: ServiceConfigInput,
    plugins: readonly PluginPackageOptions[] = [],
  ): Promise<TestHome> {
    const home = new TestHome(this.base, service);
    await home.#fill(config, plugins);
    return home;
  }

  async #fill(config: ServiceConfigInput, plugins: readonly PluginPackageOptions[]): Promise<void> {
    const enabled = [...(config.plugin?.enabled ?? []), ...plugins.map((plugin) => plugin.name)];
    const anySite = { sitePort: 0 };
    const sites = { admin: anySite, field: anySite, office: anySite, dataExchange: { sitePort: await freePort() } };
    const httpServer = { ...sites, ...config.httpServer };
    await this.writeConfig(JSON.stringify({ ...config, httpServer, plugin: { ...config.plugin, enabled } }));
    if (plugins.length > 0) await writePlugins(join(this.dir, "plugin-software"), plugins);
    const hasEmbedded = this.service === "logic" && (config.storage?.connectUrl ?? null) === null;
    if (hasEmbedded && requireStorage(enabled, plugins)) await copyEmbeddedDatabase(this.#databaseDir);
  }

  /** Removes the database: logic creates one at its start. */
  async removeDatabase(): Promise<void> {
    await rm(this.#databaseDir, { recursive: true });
  }

  get #databaseDir(): string {
    return join(this.dir, "postgresql");
  }

  get dir(): string {
    return join(this.base, `peek-${this.service}-service.home`);
  }

  get configFile(): string {
    return join(this.dir, "config.json");
  }

  async writeConfig(text: string): Promise<void> {
    await mkdir(this.dir, { recursive: true, mode: 0o700 });
    await writeFile(this.configFile, text);
  }

  async readConfig(): Promise<string> {
    return readFile(this.configFile, "utf8");
  }

  /** Starts the service's command on this home. */
  run(options: RunOptions = {}): RunningProcess {
    return new RunningProcess(serviceCommand(this.service), {
      ...options,
      env: { PEEK_HOME: this.base, ...options.env },
    });
  }

  /** Starts the service's command, and waits until it is ready. */
  async start(options: RunOptions = {}): Promise<RunningProcess> {
    const running = this.run(options);
    await running.waitFor(/:Ready in /);
    return running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // The database of a service that was killed ends by itself, a moment later.
    while ((await processesOn(this.base)).length > 0) await setTimeout(20);
    await rm(this.base, { recursive: true, force: true });
  }
}

function requireStorage(enabled: readonly string[], plugins: readonly PluginPackageOptions[]): boolean {
  return enabled.includes("peek_plugin_tutorial") || plugins.some(requiresStorage);
}
