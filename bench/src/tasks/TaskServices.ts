import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { Child } from "../Child.ts";
import { generatePackage } from "../generate/packages.ts";
import { generatePeekHome } from "../generate/peekHome.ts";
import { limitScript, pluginBaseDir, serviceBin } from "../paths.ts";
import { freePort } from "../rpc/freePort.ts";

/** The plugin that the services run for the figures of tasks. */
const plugin = "peek_plugin_tasks";

/** The work of the plugin. */
export type Measure = Readonly<Record<string, unknown>> & {
  readonly measure: "enqueue" | "throughput" | "latency" | "heavy";
};

/** A home with the built logic and worker services, and the bench's plugin. */
export class TaskServices {
  readonly #dir: string;
  readonly #connectUrl: string;
  readonly #signal: AbortSignal;

  private constructor(dir: string, connectUrl: string, signal: AbortSignal) {
    this.#dir = dir;
    this.#connectUrl = connectUrl;
    this.#signal = signal;
  }

  /** @param dir The folder to make. */
  static async generate(dir: string, connectUrl: string, signal: AbortSignal): Promise<TaskServices> {
    const softwarePath = await generatePlugin(dir);
    const [exchangePort, adminPort] = [await freePort(), await freePort()];
    const common = {
      plugin: { enabled: [plugin], softwarePath },
      httpServer: { admin: { sitePort: adminPort }, dataExchange: { sitePort: exchangePort } },
      dataExchange: { httpPort: exchangePort },
      storage: { connectUrl },
    };
    await generatePeekHome(dir, common);
    await generatePeekHome(dir, common, "worker");
    return new TaskServices(dir, connectUrl, signal);
  }

  /** Starts a service, which the caller has to dispose. */
  spawn(service: "logic" | "worker", measure: Measure): Child {
    const env = { PEEK_HOME: this.#dir, PEEK_BENCH: JSON.stringify({ ...measure, connectUrl: this.#connectUrl }) };
    return new Child({ args: [serviceBin(service)], env, signal: this.#signal });
  }
}

/** Waits until its plugin is started. */
export async function isStarted(service: Child): Promise<void> {
  await service.line(/:Ready in \d+ ms, .*: 1 plugin started$/);
}

async function generatePlugin(dir: string): Promise<string> {
  const softwareDir = join(dir, "software");
  const modulesDir = join(softwareDir, "node_modules");
  await mkdir(join(modulesDir, "@peek"), { recursive: true });
  await symlink(pluginBaseDir, join(modulesDir, "@peek", "plugin-base"));
  const manifest = {
    plugin: { title: "Bench", packageName: plugin, version: "1.0.0", creator: "The Peek authors" },
    requiresServices: ["logic", "worker", "storage"],
    logic: {},
    worker: {},
    storage: { migrationsDir: "migrations" },
  };
  await generatePackage(modulesDir, {
    name: plugin.replaceAll("_", "-"),
    source: `export * from ${JSON.stringify(limitScript("tasks/services/plugin"))};\n`,
    json: { "plugin_package.json": manifest },
    text: { "dist/migrations/0001_nothing.js": "export async function up() {}\n" },
  });
  return softwareDir;
}
