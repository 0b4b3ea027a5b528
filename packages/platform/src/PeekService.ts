import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import {
  createServiceHome,
  loadConfig,
  lockHome,
  insecureModeOf,
  resolveInHome,
  type ServiceConfig,
  type ServiceHome,
} from "@peek/config";
import { messageOf, type PeekError, toError } from "@peek/errors";
import {
  type ChangeConfirmation,
  type ChangeRequest,
  type ChangeResult,
  PluginLoader,
  type PluginSource,
  type PluginStatus,
  type StepListener,
} from "@peek/loader";
import type { Logging, LogSink } from "@peek/logging";
import type { Logger, PluginVortex } from "@peek/plugin-base";
import type { VersionChangeRequest } from "./changes/VersionChange.ts";
import type { VersionRecovery } from "./changes/VersionRecovery.ts";
import { createLogging } from "./config/createLogging.ts";
import { developmentConfig } from "./config/developmentConfig.ts";
import { hookDeadlines } from "./config/hookDeadlines.ts";
import { logConfig } from "./config/logConfig.ts";
import { packageConditions, pluginSources } from "./config/pluginSources.ts";
import { servePluginAdmin, servePluginChanges } from "./changes/serveChanges.ts";
import { composeExtensions, type Composition, contributorsOf } from "./extensions/composeExtensions.ts";
import type { OpenContext } from "./extensions/ServiceExtension.ts";
import { type ServiceDefinition, serviceVersion, tryServiceVersion } from "./ServiceDefinition.ts";
import { LedgerUsageReader } from "./status/LedgerUsageReader.ts";
import { notReadyReasons } from "./status/readiness.ts";
import { hasTrouble, type ServiceStatus, summarise } from "./status/ServiceStatus.ts";

/** How a service is opened. */
export interface PeekServiceOptions {
  /** The folder of the service's configuration, log and data. */
  readonly home: ServiceHome;
  /** Whether a missing config.json is made for development. Default: false. */
  readonly development?: boolean;
  /** How long the new generation of a changed plugin is watched for errors, in milliseconds. Default: as in config.json. */
  readonly probeMs?: number;
  /** Sources of plugins that are searched before the usual ones. Default: none. */
  readonly sources?: readonly PluginSource[];
  /** Further destinations of log lines, beside those in config.json. Default: none. */
  readonly sinks?: readonly LogSink[];
}

/** One Peek service: its home, configuration, logging and plugins. */
export class PeekService implements AsyncDisposable {
  readonly #definition: ServiceDefinition;
  readonly #home: ServiceHome;
  readonly #version: string;
  readonly #since = new Date();
  /** The same moment by the monotonic clock. */
  readonly #beganAt = performance.now();
  readonly #owned: AsyncDisposableStack;
  readonly #getLogger: (name: string) => Logger;
  readonly #logger: Logger;
  readonly #extensions: Composition;
  readonly #loader: PluginLoader;
  /** The folder of plugins that were installed from archives. */
  readonly #softwareDir: string;
  readonly #dataPath: string;
  readonly #ledgerUsage: LedgerUsageReader;
  readonly #cancel = new AbortController();
  /** Resolves when the service has been started, or begins to stop. */
  readonly #settled = Promise.withResolvers<void>();
  readonly #fatal = Promise.withResolvers<PeekError>();
  #starting: Promise<void> | undefined;
  #stopping: Promise<readonly PluginStatus[]> | undefined;
  #closedCleanly = true;
  #isStarted = false;

  private constructor(
    definition: ServiceDefinition,
    options: PeekServiceOptions,
    config: ServiceConfig,
    logging: Logging,
    owned: AsyncDisposableStack,
  ) {
    this.#definition = definition;
    this.#home = options.home;
    this.#version = serviceVersion(definition);
    this.#owned = owned;
    this.#logger = logging.getLogger(`peek_${definition.name}_service`);
    const getLogger = (name: string): Logger => logging.getLogger(name);
    this.#getLogger = getLogger;
    const { home } = options;
    this.#softwareDir = resolveInHome(home, config.plugin.softwarePath);
    this.#dataPath = resolveInHome(home, config.plugin.dataPath);
    this.#extensions = composeExtensions({
      definition,
      version: this.#version,
      since: this.#since,
      home,
      config,
      status: () => this.#reportedStatus(),
      health: () => this.#health(),
      onFatal: (error) => this.#fatal.resolve(error),
      getLogger,
    });
    this.#ledgerUsage = new LedgerUsageReader(() =>
      definition.name === "logic" ? this.#extensions.storage?.ledger : undefined,
    );
    this.#loader = new PluginLoader({
      service: definition.name,
      serviceVersion: this.#version,
      enabled: config.plugin.enabled,
      sources: [...(options.sources ?? []), ...pluginSources(definition.dir, home, config)],
      conditions: packageConditions,
      dataPath: this.#dataPath,
      deadlines: hookDeadlines(config.plugin),
      probeMs: options.probeMs ?? config.plugin.deadlines.probeSeconds * 1000,
      extensions: contributorsOf(this.#extensions),
      getLogger,
    });
  }

  /**
   * Creates and locks the home, reads the configuration and begins to log. No plugin is looked up.
   *
   * @throws PeekError `HOME_UNUSABLE`, `HOME_LOCKED`, `CONFIG_UNREADABLE`, `CONFIG_MALFORMED` or `CONFIG_INVALID`;
   *   nothing is held then.
   */
  static async open(definition: ServiceDefinition, options: PeekServiceOptions): Promise<PeekService> {
    await using held = new AsyncDisposableStack();
    const { home, development = false } = options;
    createServiceHome(home);
    const { limit } = held.use(lockHome(home));
    const initial = development ? developmentConfig(definition.name, definition.dir) : {};
    const loaded = loadConfig(home.configFile, initial);
    const logging = held.use(createLogging(definition.name, home, loaded.config.logging, options.sinks ?? []));
    const service = new PeekService(definition, options, loaded.config, logging, held.move());
    const mode = insecureModeOf(home);
    if (mode !== undefined) {
      service.logger.warning("Other accounts can enter %s (mode %s); chmod 700 it", home.dir, mode);
    }
    if (limit !== undefined) service.logger.warning("%s", limit);
    logConfig(loaded, development, service.logger);
    return service;
  }

  /** The logger of the service itself. */
  get logger(): Logger {
    return this.#logger;
  }

  /** The logger for the console output of a plugin, or of unknown code. */
  consoleLogger(plugin: string | undefined): Logger {
    return this.#getLogger(`${plugin ?? `peek_${this.#definition.name}_service`}.console`);
  }

  /** Registers a function that is called when everything else has stopped, while lines are still logged. */
  defer(release: () => void): void {
    this.#owned.defer(release);
  }

  /** Resolves when a started service can never connect to the others with its present configuration. */
  get fatal(): Promise<PeekError> {
    return this.#fatal.promise;
  }

  /** The present status of the service and its plugins. */
  status(): ServiceStatus {
    const { storage, vortex, http, tasks, live } = this.#extensions;
    const parts = {
      storage: storage?.status(),
      vortex: vortex.status(),
      site: http?.status(),
      tasks: tasks?.status(),
      live: live?.status(),
    };
    return {
      service: this.#definition.name,
      version: this.#version,
      pid: process.pid,
      since: this.#since.toISOString(),
      ...(parts.storage !== undefined && { storage: parts.storage }),
      ...(parts.vortex !== undefined && { vortex: parts.vortex }),
      ...(parts.site !== undefined && { site: parts.site }),
      ...(parts.tasks !== undefined && { tasks: parts.tasks }),
      ...(parts.live !== undefined && { live: parts.live }),
      ...(this.#loader.runningChange !== undefined && { change: this.#loader.runningChange }),
      plugins: this.#loader.status(),
    };
  }

  async #reportedStatus(): Promise<ServiceStatus> {
    const actions = await this.#ledgerUsage.read();
    const installedVersion = tryServiceVersion(this.#definition);
    const { readDrift } = await import("./status/readDrift.ts");
    const drift = this.#isStarted ? await readDrift(this.#home.configFile, this.#loader) : undefined;
    return {
      ...this.status(),
      ...(installedVersion !== this.#version && { installedVersion }),
      ...(actions !== undefined && { actions }),
      ...(drift !== undefined && { drift }),
      plugins: this.#loader.statusWithInstalled(),
    };
  }

  /**
   * Waits for the database if a plugin requires one, and begins to connect to the other services; then loads and starts the
   * plugins. Settles when each plugin has started or failed; a plugin's failure is its state.
   *
   * @throws PeekError when the database cannot be used, as `Storage.open`, or the connection to the other services, as
   *   `VortexExtension.open`; no plugin is loaded then.
   */
  start(): Promise<void> {
    this.#starting ??= this.#cancel.signal.aborted ? Promise.resolve() : this.#run();
    return this.#starting;
  }

  /**
   * Stops and unloads the plugins, also while they are being started, and unlocks the home.
   *
   * @returns The plugins that failed to stop or unload.
   */
  stop(): Promise<readonly PluginStatus[]> {
    this.#stopping ??= this.#shutDown();
    return this.#stopping;
  }

  /**
   * Reloads, enables or disables one plugin while the service runs. config.json is not changed.
   *
   * @param onStep Called when a step of the change begins.
   * @returns What came of it, also when the change was refused or failed.
   */
  change(request: ChangeRequest, onStep?: StepListener): Promise<ChangeResult> {
    return this.#loader.change(request, onStep);
  }

  /**
   * Has a plugin run another installed version, while the service runs. When it does not run, or fails soon after its start, the version before
   * runs and is current again. After a crash, the next start completes or reverts the change. config.json is not changed.
   *
   * @param onStep Called when a step of the change begins.
   * @param confirm Called before the first plugin is stopped, and before the version becomes current.
   * @returns What came of it, also when the change was refused or failed.
   */
  async changeVersion(
    request: VersionChangeRequest,
    onStep: StepListener = () => undefined,
    confirm: ChangeConfirmation = () => Promise.resolve(),
  ): Promise<ChangeResult> {
    const { changeVersion } = await import("./changes/changeVersion.ts");
    return await changeVersion(
      {
        service: this.#definition.name,
        softwareDir: this.#softwareDir,
        change: (...given) => this.#loader.change(...given),
        statuses: () => this.#loader.status(),
        logger: this.#getLogger("peek_platform.VersionChange"),
      },
      request,
      { onStep, confirm },
    );
  }

  /** The results of the last changes of plugins, up to 100, the newest last. */
  changes(): readonly ChangeResult[] {
    return this.#loader.changes();
  }

  /** Whether all parts of the service that have been closed so far were closed without an error. */
  get closedCleanly(): boolean {
    return this.#closedCleanly;
  }

  /** The plugin that caused an uncaught error or a forbidden call: by the stack, and by the plugin whose code is running. */
  pluginAtFault(error: Error): string | undefined {
    return this.#loader.pluginOf(error);
  }

  /**
   * Makes the plugin fail that caused an uncaught error.
   *
   * @returns Whether such a plugin is known.
   */
  reportUncaught(error: Error): boolean {
    return this.#loader.reportUncaught(error);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #run(): Promise<void> {
    const { signal } = this.#cancel;
    const recovery = await this.#recoverVersions();
    await this.#loader.resolve(recovery?.broughtBack);
    await this.#openExtensions({ plugins: this.#loader.toLoad(), signal });
    await this.#loader.load(signal);
    await this.#loader.start(signal);
    if (signal.aborted) return;
    await recovery?.settle(this.#loader.status(), (plugin) => this.#reloadCurrent(plugin));
    this.#isStarted = true;
    this.#settled.resolve();
    this.#extensions.http?.begin();
    this.#extensions.live?.begin?.();
    this.#extensions.tasks?.begin?.();
    const { plugins } = this.status();
    const ms = Math.round(performance.now() - this.#beganAt);
    this.#logger[hasTrouble(plugins) ? "warning" : "info"](
      "Ready in %d ms, process %d: %s",
      ms,
      process.pid,
      summarise(plugins),
    );
  }

  /** Resumes the changes of versions that a crash has interrupted. */
  async #recoverVersions(): Promise<VersionRecovery | undefined> {
    // Nearly every start finds none, and does without the code for it.
    const journal = join(this.#softwareDir, "journal");
    if (!existsSync(journal) || readdirSync(journal).length === 0) return undefined;
    const { VersionRecovery } = await import("./changes/VersionRecovery.ts");
    const logger = this.#getLogger("peek_platform.VersionRecovery");
    return await VersionRecovery.begin(this.#softwareDir, this.#definition.name, logger);
  }

  /** Has a plugin run its current version. Resolves when it has been started or has failed; it is watched longer. */
  async #reloadCurrent(plugin: string): Promise<void> {
    const { promise: isStarted, resolve } = Promise.withResolvers<void>();
    const ended = this.#loader.change(
      { kind: "reload", plugin, isRevert: true },
      (step) => step === "probe" && resolve(),
    );
    await Promise.race([isStarted, ended]);
  }

  /** Opens the extensions in parallel as far as possible. When one fails, the others are cancelled. */
  async #openExtensions(context: OpenContext): Promise<void> {
    const opening = [Promise.resolve(this.#extensions.storage?.open(context)), this.#openConnected(context)];
    try {
      await Promise.all(opening);
    } catch (error) {
      this.#cancel.abort();
      await Promise.allSettled(opening);
      throw error;
    }
  }

  /** Opens the connection to the other services, then the extensions that use it; the site for browsers is the last. */
  async #openConnected(context: OpenContext): Promise<void> {
    const { vortex, live, tasks, http } = this.#extensions;
    await vortex.open();
    this.#serveChanges(vortex.own);
    for (const extension of [live, tasks, http]) await extension?.open(context);
  }

  #serveChanges(own: PluginVortex): void {
    const logger = this.#getLogger("peek_platform.PluginChanges");
    servePluginChanges(own, {
      change: (request, onStep, confirm) => this.#loader.change(request, onStep, confirm),
      changeVersion: (request, onStep, confirm) => this.changeVersion(request, onStep, confirm),
      endProbe: (plugin) => this.#loader.endProbe(plugin),
      configFile: this.#home.configFile,
      softwareDir: this.#softwareDir,
      dataPath: this.#dataPath,
      version: this.#version,
      dropSchema: async (plugin) => this.#extensions.storage?.dropSchema(plugin),
      statuses: () => this.#loader.status(),
      started: this.#settled.promise,
      logger,
    });
    if (this.#definition.name === "logic")
      servePluginAdmin(own, {
        vortex: own,
        softwareDir: this.#softwareDir,
        historyFile: join(this.#home.dir, "plugin-changes.jsonl"),
        logger,
      });
  }

  #health(): readonly string[] {
    if (this.#cancel.signal.aborted) return ["The service is stopping."];
    return this.#isStarted ? notReadyReasons(this.status()) : ["The service is starting."];
  }

  async #shutDown(): Promise<readonly PluginStatus[]> {
    // Also when a step fails, the home is unlocked and pending log lines are written.
    await using _owned = this.#owned;
    this.#cancel.abort();
    this.#settled.resolve();
    // The caller of start() gets its failure.
    await Promise.allSettled([this.#starting]);
    const { http, tasks, live, vortex, storage } = this.#extensions;
    await this.#loader.endChanges();
    // Browsers go elsewhere while their subscriptions still work.
    await live?.drain();
    await this.#close(http, "the site for browsers");
    const troubled = await this.#loader.stop();
    await this.#close(tasks, "tasks");
    await this.#close(live, "live data");
    await this.#close(vortex, "the connection to the other services");
    await this.#close(storage, "the database");
    const names = troubled.map((plugin) => plugin.name).join(", ");
    if (troubled.length > 0) this.#logger.error("Stopped, but these plugins failed to stop: %s", names);
    else this.#logger.info("Stopped");
    return troubled;
  }

  async #close(part: AsyncDisposable | undefined, title: string): Promise<void> {
    try {
      await part?.[Symbol.asyncDispose]();
    } catch (thrown) {
      this.#closedCleanly = false;
      const reasons = reasonsOf(thrown).map((reason) => messageOf(reason));
      this.#logger.error({ err: toError(thrown) }, "Failed to close %s: %s", title, reasons.join(" "));
    }
  }
}

/** All errors of a disposal, in the order in which they were thrown. */
function reasonsOf(thrown: unknown): readonly unknown[] {
  if (!(thrown instanceof SuppressedError)) return [thrown];
  return [...reasonsOf(thrown.suppressed), ...reasonsOf(thrown.error)];
}
