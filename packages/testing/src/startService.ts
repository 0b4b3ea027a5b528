import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createServiceHome, type ServiceConfigInput, type ServiceHome, serviceHome } from "@peek/config";
import { FolderSource, type PluginStatus } from "@peek/loader";
import { PeekService, type ServiceStatus } from "@peek/platform";
import { pluginNameOf, type ServiceName } from "@peek/plugin-base";
import { readLocalToken } from "@peek/bus/identity";
import { LogCapture } from "./LogCapture.ts";
import { openTestDatabase, type TestDatabase } from "./TestDatabase.ts";
import { startFailure } from "./startFailure.ts";
import { hasTestServer } from "./TestServer.ts";
import { WaitPrinter } from "./WaitPrinter.ts";
import { serviceDefinitions } from "./serviceDefinitions.ts";

/** The options of a service in a test. */
export interface StartServiceOptions {
  /**
   * The plugins to enable: folders of packages (paths with a slash), or names that the service finds by itself.
   * Default: none.
   */
  readonly plugins?: readonly string[];
  /**
   * The database of plugins that require storage. Default: a new empty one, where the run of tests has a server
   * (`@peek/testing/vitest/globalSetup`); otherwise, on logic, the embedded one.
   */
  readonly database?: TestDatabase;
  /** The logic service that it connects to. Default: none; it waits for one. */
  readonly logic?: TestService;
  /**
   * Whether plugins may fail or be blocked at the start, for tests that expect this. Default: false, startService() rejects with
   * the plugin's error.
   */
  readonly allowFailed?: boolean;
  /** Further keys of its config.json. Default: none; level DEBUG, no console, no log file. */
  readonly config?: ServiceConfigInput;
}

/** A real service in this process, with a temporary home. Dispose it, or call stop(). */
export interface TestService extends AsyncDisposable {
  /** Its temporary home, which is removed at the end. */
  readonly home: ServiceHome;
  /** Its log. */
  readonly log: LogCapture;
  /** The present status of the service and its plugins. */
  status(): ServiceStatus;
  /**
   * The status of one plugin.
   *
   * @throws Error when the plugin is not enabled.
   */
  plugin(name: string): PluginStatus;
  /**
   * Stops it and removes its home. Returns the plugins that failed to stop or unload.
   *
   * @throws Error when a plugin has not released a database connection.
   */
  stop(): Promise<readonly PluginStatus[]>;
}

/** Free ports, and browsers without a login. */
const freeSites: ServiceConfigInput["httpServer"] = {
  admin: { sitePort: 0, anonymous: true },
  field: { sitePort: 0, anonymous: true },
  office: { sitePort: 0, anonymous: true },
  dataExchange: { sitePort: 0 },
};

/** A part of the warning about a plugin that keeps a database connection. */
const leak = "still in use and had to be closed";

/**
 * Starts a real service in this process, in a temporary home, and waits until it is ready.
 *
 * Calls with `wait: true` that wait for more than 2 s are printed on stderr: most often the test has not started the called service.
 *
 * The test runner keeps the control over the process: uncaught errors, process.exit() and signals.
 *
 * @throws PeekError of the first plugin that failed, unless `allowFailed`; the service is stopped then.
 * @example
 * await using logic = await startService("logic", { plugins: [pluginDir] });
 * expect(logic.plugin("peek_plugin_pump_log").state).toBe("started");
 */
export async function startService(name: ServiceName, options: StartServiceOptions = {}): Promise<TestService> {
  await using held = new AsyncDisposableStack();
  const base = await mkdtemp(join(tmpdir(), "peek-test-"));
  held.defer(() => rm(base, { recursive: true, force: true }));
  const home = serviceHome(name, { PEEK_HOME: base });
  const { config = {}, plugins = [] } = options;
  const connectUrl = config.storage?.connectUrl ?? (await databaseFor(options, held))?.connectUrl;
  const named = plugins.filter((plugin) => !plugin.includes("/"));
  const folders = new FolderSource(plugins.filter((plugin) => plugin.includes("/")));
  const enabled = [...named, ...folders.packageNames().map(pluginNameOf), ...(config.plugin?.enabled ?? [])];
  createServiceHome(home);
  await writeFile(
    home.configFile,
    JSON.stringify({
      logging: { level: "DEBUG", logToStdout: false, logToFile: false, ...config.logging },
      plugin: { ...config.plugin, enabled },
      storage: { ...config.storage, ...(connectUrl !== undefined && { connectUrl }) },
      httpServer: { ...freeSites, ...config.httpServer },
      dataExchange: { ...exchangeOf(name, options.logic), ...config.dataExchange },
    }),
  );
  const log = new LogCapture();
  const service = await PeekService.open(serviceDefinitions[name], {
    home,
    sources: [folders],
    sinks: [log, new WaitPrinter(name)],
  });
  held.use(service);
  await service.start();
  const failure = options.allowFailed === true ? undefined : startFailure(service.status().plugins, log);
  if (failure !== undefined) throw failure;
  const owned = held.move();
  const stop = async (): Promise<readonly PluginStatus[]> => {
    await using _owned = owned;
    const troubled = await service.stop();
    const leaked = log.records.find(
      ({ code, msg }) => code === "RESOURCE_NOT_RELEASED" && msg?.includes(leak) === true,
    );
    if (leaked !== undefined) throw new Error(leaked.msg);
    return troubled;
  };
  return {
    home,
    log,
    status: () => service.status(),
    plugin: (plugin) => pluginIn(service.status(), plugin),
    stop,
    [Symbol.asyncDispose]: async () => void (await stop()),
  };
}

/** How a service connects to logic; without logic, a port on which no program listens. */
function exchangeOf(name: ServiceName, logic: TestService | undefined): ServiceConfigInput["dataExchange"] {
  const port = logic?.status().vortex?.port;
  if (logic === undefined || port === undefined) return { httpPort: 1 };
  return { httpPort: port, token: readLocalToken(dirname(logic.home.dir), name) };
}

/** The given database, or else a new one that is dropped with the service. */
async function databaseFor(
  { database }: StartServiceOptions,
  held: AsyncDisposableStack,
): Promise<TestDatabase | undefined> {
  if (database !== undefined || !hasTestServer()) return database;
  return held.use(await openTestDatabase());
}

function pluginIn(status: ServiceStatus, name: string): PluginStatus {
  const found = status.plugins.find((plugin) => plugin.name === name);
  if (found !== undefined) return found;
  throw new Error(
    `${name} is not enabled on ${status.service}. Enabled plugins: ${status.plugins.map((plugin) => plugin.name).join(", ")}`,
  );
}
