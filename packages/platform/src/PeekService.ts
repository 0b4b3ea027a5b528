import {
  createServiceHome,
  openToOthers,
  lockHome,
  loadConfig,
  type LoadedConfig,
  resolveInHome,
  type ServiceConfig,
  type ServiceHome,
} from "@peek/config";
import { messageOf, type PeekError, toError } from "@peek/errors";
import { type HookDeadlines, PluginLoader, type PluginSource, type PluginStatus } from "@peek/loader";
import type { Logging, LogSink } from "@peek/logging";
import type { Logger } from "@peek/plugin-base";
import { ActionUsage } from "./ActionUsage.ts";
import { createLogging } from "./createLogging.ts";
import { developmentConfig } from "./developmentConfig.ts";
import { packageConditions, pluginSources } from "./pluginSources.ts";
import { type ServiceDefinition, serviceVersion, tryServiceVersion } from "./ServiceDefinition.ts";
import { HttpExtension } from "./HttpExtension.ts";
import { LiveExtension } from "./LiveExtension.ts";
import { StorageExtension } from "./StorageExtension.ts";
import { hasTrouble, type ServiceStatus, summarise } from "./ServiceStatus.ts";
import { TasksExtension } from "./TasksExtension.ts";
import { VortexExtension } from "./VortexExtension.ts";

/** How a service is opened. */
export interface PeekServiceOptions {
  /** Where the service keeps what is its own. */
  readonly home: ServiceHome;
  /** Whether a config.json that is not there is made for a developer. Default: false. */
  readonly development?: boolean;
  /** Sources of plugins that are asked before the usual ones. Default: none. */
  readonly sources?: readonly PluginSource[];
  /** Where log lines go besides where config.json says. Default: none. */
  readonly sinks?: readonly LogSink[];
}

/** One Peek service: its home, configuration, logging and plugins. */
export class PeekService implements AsyncDisposable {
  readonly #definition: ServiceDefinition;
  readonly #version: string;
  readonly #since = new Date();
  /** The same by a clock that nobody sets. */
  readonly #beganAt = performance.now();
  readonly #owned: AsyncDisposableStack;
  readonly #getLogger: (name: string) => Logger;
  readonly #logger: Logger;
  readonly #loader: PluginLoader;
  readonly #storage: StorageExtension;
  readonly #vortex: VortexExtension;
  readonly #http: HttpExtension;
  readonly #live: LiveExtension;
  readonly #tasks: TasksExtension;
  readonly #actionUsage: ActionUsage;
  readonly #cancel = new AbortController();
  readonly #fatal = Promise.withResolvers<PeekError>();
  #starting: Promise<void> | undefined;
  #stopping: Promise<readonly PluginStatus[]> | undefined;
  #isTidy = true;
  #isStarted = false;

  private constructor(
    definition: ServiceDefinition,
    options: PeekServiceOptions,
    config: ServiceConfig,
    logging: Logging,
    owned: AsyncDisposableStack,
  ) {
    this.#definition = definition;
    this.#version = serviceVersion(definition);
    this.#owned = owned;
    this.#logger = logging.getLogger(`peek_${definition.name}_service`);
    const getLogger = (name: string): Logger => logging.getLogger(name);
    this.#getLogger = getLogger;
    const { home } = options;
    this.#storage = new StorageExtension({ definition, home, config: config.storage, getLogger });
    this.#vortex = new VortexExtension({
      definition,
      version: this.#version,
      since: this.#since,
      home,
      config,
      status: () => this.#toldStatus(),
      onFatal: (error) => this.#fatal.resolve(error),
      getLogger,
    });
    this.#http = new HttpExtension({ definition, home, config, health: () => this.#unready(), getLogger });
    this.#live = new LiveExtension({
      definition,
      http: this.#http,
      changes: () => this.#storage.changes,
      ledger: () => this.#storage.ledger,
      getLogger,
    });
    this.#actionUsage = new ActionUsage(() => (definition.name === "logic" ? this.#storage.ledger : undefined));
    this.#tasks = new TasksExtension({ definition, config, storage: this.#storage, getLogger });
    this.#loader = new PluginLoader({
      service: definition.name,
      serviceVersion: this.#version,
      enabled: config.plugin.enabled,
      sources: [...(options.sources ?? []), ...pluginSources(definition.dir, home, config)],
      conditions: packageConditions,
      dataPath: resolveInHome(home, config.plugin.dataPath),
      deadlines: deadlinesOf(config),
      extensions: [this.#storage, this.#vortex, this.#http, this.#live, this.#tasks],
      getLogger,
    });
  }

  /**
   * Opens the home, takes it for this process, reads the configuration and begins to log. No plugin is touched.
   *
   * @throws PeekError `HOME_UNUSABLE`, `HOME_LOCKED`, `CONFIG_UNREADABLE`, `CONFIG_MALFORMED` or `CONFIG_INVALID`;
   *   nothing is held then.
   */
  static async open(definition: ServiceDefinition, options: PeekServiceOptions): Promise<PeekService> {
    await using held = new AsyncDisposableStack();
    const { home } = options;
    createServiceHome(home);
    const { limit } = held.use(lockHome(home));
    const initial = options.development === true ? developmentConfig(definition.name, definition.dir) : {};
    const loaded = loadConfig(home.configFile, initial);
    const logging = held.use(createLogging(definition.name, home, loaded.config.logging, options.sinks ?? []));
    const service = new PeekService(definition, options, loaded.config, logging, held.move());
    const mode = openToOthers(home);
    if (mode !== undefined) {
      service.logger.warning("%s can be entered by other accounts (mode %s); chmod 700 it", home.dir, mode);
    }
    if (limit !== undefined) service.logger.warning("%s", limit);
    service.#tellOfConfig(loaded, options.development === true ? "for development" : "with defaults");
    return service;
  }

  /** The logger of the service itself. */
  get logger(): Logger {
    return this.#logger;
  }

  /** The logger of what was printed by a plugin, or by somebody who is not known. */
  printLogger(plugin: string | undefined): Logger {
    return this.#getLogger(`${plugin ?? `peek_${this.#definition.name}_service`}.console`);
  }

  /** Has something done when all else has stopped, while lines are still written. */
  defer(release: () => void): void {
    this.#owned.defer(release);
  }

  /** Fires when the service has been told to stop. */
  get stopRequested(): AbortSignal {
    return this.#cancel.signal;
  }

  /** Resolves when a service that has started finds that it can never reach the others as things are. */
  get fatal(): Promise<PeekError> {
    return this.#fatal.promise;
  }

  /** What is known of the service and its plugins now. */
  status(): ServiceStatus {
    const storage = this.#storage.status();
    const vortex = this.#vortex.status();
    const site = this.#http.status();
    const tasks = this.#tasks.status();
    const live = this.#live.status();
    return {
      service: this.#definition.name,
      version: this.#version,
      pid: process.pid,
      since: this.#since.toISOString(),
      ...(storage !== undefined && { storage }),
      ...(vortex !== undefined && { vortex }),
      ...(site !== undefined && { site }),
      ...(tasks !== undefined && { tasks }),
      ...(live !== undefined && { live }),
      plugins: this.#loader.status(),
    };
  }

  async #toldStatus(): Promise<ServiceStatus> {
    const actions = await this.#actionUsage.read();
    const installedVersion = tryServiceVersion(this.#definition);
    return {
      ...this.status(),
      ...(installedVersion !== this.#version && { installedVersion }),
      ...(actions !== undefined && { actions }),
      plugins: this.#loader.statusWithInstalled(),
    };
  }

  /**
   * Waits for the database if a plugin asks for one, and begins to connect to the other services; then loads and starts
   * the plugins. Settles when all have had their turn; a plugin's failure is its state.
   *
   * @throws PeekError when the database cannot be used, as `Storage.open`, or the way to the other services, as
   *   `VortexExtension.open`; no plugin is loaded then.
   */
  start(): Promise<void> {
    this.#starting ??= this.#cancel.signal.aborted ? Promise.resolve() : this.#run();
    return this.#starting;
  }

  /**
   * Stops and unloads the plugins, also while they are being started, and lets go of the home.
   *
   * @returns The plugins that did not stop or unload as they should.
   */
  stop(): Promise<readonly PluginStatus[]> {
    this.#stopping ??= this.#shutDown();
    return this.#stopping;
  }

  /** Whether, as far as it has stopped, all that is the service's own could be closed as it should. */
  get isTidy(): boolean {
    return this.#isTidy;
  }

  /**
   * The plugin that is at fault for an error which nobody caught, or for a call that it should not make: by the stack
   * and by whose code is running.
   */
  pluginAtFault(error: Error): string | undefined {
    return this.#loader.pluginOf(error);
  }

  /**
   * Lays an error that nobody caught at the door of the plugin that is at fault.
   *
   * @returns Whether one is known.
   */
  reportUncaught(error: Error): boolean {
    if (this.#loader.isHandled(error)) return true;
    const plugin = this.pluginAtFault(error);
    return plugin !== undefined && this.#loader.reportError(plugin, error);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #run(): Promise<void> {
    const { signal } = this.#cancel;
    await this.#loader.resolve();
    await this.#open();
    await this.#loader.load(signal);
    await this.#loader.start(signal);
    if (signal.aborted) return;
    this.#isStarted = true;
    this.#live.begin();
    this.#tasks.begin();
    const { plugins } = this.status();
    const ms = Math.round(performance.now() - this.#beganAt);
    this.#logger[hasTrouble(plugins) ? "warning" : "info"](
      "Ready in %d ms, process %d: %s",
      ms,
      process.pid,
      summarise(plugins),
    );
  }

  /** All at once; when one fails, the others are not waited for longer than it takes to give them up. */
  async #open(): Promise<void> {
    const opening = [this.#storage.open(this.#loader.toLoad(), this.#cancel.signal), this.#openToOthers()];
    try {
      await Promise.all(opening);
    } catch (error) {
      this.#cancel.abort();
      await Promise.allSettled(opening);
      throw error;
    }
  }

  async #openToOthers(): Promise<void> {
    await this.#vortex.open();
    const { own } = this.#vortex;
    await this.#live.open(own);
    await this.#tasks.open(this.#loader.toLoad(), own);
    await this.#http.open(own.rpc);
  }

  /** What keeps the service from doing all that it is there for, in words for an operator. */
  #unready(): readonly string[] {
    if (this.#cancel.signal.aborted) return ["The service stops."];
    if (!this.#isStarted) return ["The service is starting."];
    const { storage, vortex, plugins } = this.status();
    const troubled = plugins.filter(({ state }) => state === "failed" || state === "blocked");
    return [
      ...(storage?.available === false ? ["The database cannot be reached."] : []),
      ...(vortex?.state === "connected" || this.#definition.name === "logic" ? [] : ["Logic cannot be reached."]),
      ...troubled.map(({ name, state }) => `The plugin ${name} has ${state === "failed" ? "failed" : "been blocked"}.`),
    ];
  }

  async #shutDown(): Promise<readonly PluginStatus[]> {
    // Whatever goes wrong, the home is let go of and what was logged is written out.
    await using _owned = this.#owned;
    this.#cancel.abort();
    // Its failure is told to whoever called start().
    await Promise.allSettled([this.#starting]);
    // While they still have what they watch, browsers go elsewhere.
    await this.#live.drain();
    await this.#close(this.#http, "The site for browsers");
    const troubled = await this.#loader.stop();
    await this.#close(this.#tasks, "Tasks");
    await this.#close(this.#live, "Live data");
    await this.#close(this.#vortex, "The connection to the other services");
    await this.#close(this.#storage, "The database");
    const names = troubled.map((plugin) => plugin.name).join(", ");
    if (troubled.length > 0) {
      this.#logger.error("Stopped, but %d did not stop as they should: %s", troubled.length, names);
    } else this.#logger.info("Stopped");
    return troubled;
  }

  async #close(part: AsyncDisposable, title: string): Promise<void> {
    try {
      await part[Symbol.asyncDispose]();
    } catch (thrown) {
      this.#isTidy = false;
      const reasons = reasonsOf(thrown).map((reason) => messageOf(reason));
      this.#logger.error({ err: toError(thrown) }, "%s was not closed as it should: %s", title, reasons.join(" "));
    }
  }

  #tellOfConfig({ file, created, filledIn, unknownKeys, notSaved }: LoadedConfig, how: string): void {
    if (created) this.#logger.info("Made %s %s", file, how);
    if (filledIn.length > 0) this.#logger.info("Filled in %s with the defaults of %s", file, filledIn.join(", "));
    for (const { path, nearest } of unknownKeys) {
      const hint = nearest === undefined ? "" : `; did you mean ${nearest}?`;
      this.#logger.warning("%s has a key %s that is not known, which is kept%s", file, path, hint);
    }
    if (notSaved !== undefined) this.#logger.warning(notSaved.message);
  }
}

/** All that went wrong in a disposal, in that order. */
function reasonsOf(thrown: unknown): readonly unknown[] {
  if (!(thrown instanceof SuppressedError)) return [thrown];
  return [...reasonsOf(thrown.suppressed), ...reasonsOf(thrown.error)];
}

function deadlinesOf({ plugin: { deadlines } }: ServiceConfig): HookDeadlines {
  return {
    warnMs: deadlines.warnSeconds * 1000,
    migrateMs: deadlines.migrateSeconds * 1000,
    loadMs: deadlines.loadSeconds * 1000,
    startMs: deadlines.startSeconds * 1000,
    stopMs: deadlines.stopSeconds * 1000,
    unloadMs: deadlines.unloadSeconds * 1000,
    shutdownMs: deadlines.shutdownSeconds * 1000,
  };
}
