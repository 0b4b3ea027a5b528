import type { PluginPackageOptions } from "../pluginPackage.ts";
import { storagePlugin } from "../storagePlugin.ts";
import { badModule, contractsOf, endlessModule, handlersModule, squareModule } from "./jobsTasks.ts";

/** The plugin whose tasks are tested. */
export const jobsName = "peek_plugin_jobs";

/** The socket of a {@link jobsPlugin}, in the folder of its service. */
export function controlSocket(plugin: string): string {
  return `${plugin}.sock`;
}

/** The environment variable that names the folder. */
export const dirVariable = "PEEK_JOBS_DIR";

/** The options of a {@link jobsPlugin}. */
export interface JobsPluginOptions {
  /** Default: {@link jobsName}. */
  readonly name?: string;
  /** `old` has another version of one task, and a stricter schema. Default: new. */
  readonly build?: "old" | "new";
}

/** The table in which a plugin records the begin and end of attempts, in the order of time. */
export function runTable(plugin: string = jobsName): string {
  return `pl_${plugin.slice("peek_plugin_".length)}.run`;
}

/** A plugin that receives requests over a socket: it queues tasks on logic, and executes them on workers. */
export function jobsPlugin({ name = jobsName, build = "new" }: JobsPluginOptions = {}): PluginPackageOptions {
  const { manifest, files } = storagePlugin({
    name,
    migrations: [
      `CREATE TABLE run (
        seq bigserial PRIMARY KEY, task text NOT NULL, n integer NOT NULL, id uuid NOT NULL, attempt integer NOT NULL,
        pid integer NOT NULL, began timestamptz NOT NULL DEFAULT clock_timestamp(), ended timestamptz
      )`,
      "CREATE INDEX ON run (id)",
      "CREATE TABLE mark (n integer NOT NULL)",
    ],
  });
  return {
    name,
    version: build === "old" ? "1.0.0" : "2.0.0",
    manifest: {
      ...Object(manifest),
      plugin: { title: name, packageName: name, version: build === "old" ? "1.0.0" : "2.0.0" },
      requiresServices: ["logic", "worker", "storage"],
    },
    index: indexOf(name),
    files: {
      ...files,
      "contracts.js": contractsOf(name, build),
      "handlers.js": handlersModule,
      "square.js": squareModule,
      "bad.js": badModule,
      "endless.js": endlessModule,
    },
  };
}

function indexOf(name: string): string {
  return `
import { PluginLogicEntryHookABC } from "@peek/plugin-base/logic";
import { PluginWorkerEntryHookABC } from "@peek/plugin-base/worker";
import { rmSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import * as types from "./contracts.js";
import { Gate, handlersOf } from "./handlers.js";
import bad from "./bad.js";
import endless from "./endless.js";
import square from "./square.js";

/** Answers requests over a socket, until the plugin is stopped. */
function listen(disposables, answers) {
  const path = join(process.env.${dirVariable}, "${controlSocket(name)}");
  rmSync(path, { force: true });
  const server = createServer(async (request, response) => {
    const question = JSON.parse(await text(request));
    let answer;
    try {
      answer = { value: await answers[question.ask](question) };
    } catch (error) {
      answer = { error: { code: String(error.code ?? error.name), message: error.message, task: error.fields?.task } };
    }
    response.end(JSON.stringify(answer));
  });
  disposables.defer(() => { server.closeAllConnections(); server.close(); });
  return new Promise((resolve) => server.listen(path, resolve));
}

class LogicEntryHook extends PluginLogicEntryHookABC {
  #logger = this.getLogger(import.meta);
  load() {}
  start() {
    const { tasks, storage } = this.platform;
    const following = (options, cancelAt) => {
      const cancelling = new AbortController();
      const onProgress = (value) => {
        this.#logger.info("Heard %s", JSON.stringify(value));
        if (JSON.stringify(value) === JSON.stringify(cancelAt)) cancelling.abort(new Error("Cancelled by the test"));
      };
      return { ...options, onProgress, signal: cancelling.signal };
    };
    return listen(this.disposables, {
      run: ({ task, input, options, cancelAt }) => tasks.run(types[task], input, following(options, cancelAt)),
      enqueue: ({ task, input, options }) => tasks.enqueue(types[task], input, options),
      enqueueAll: ({ task, inputs, options }) => tasks.enqueueAll(types[task], inputs, options),
      enqueueMany: async ({ task, from, count, options, ms }) => {
        for (let at = 0; at < count; at += 10_000) {
          const inputs = Array.from({ length: Math.min(10_000, count - at) }, (_, index) => ({ n: from + at + index, ms }));
          await tasks.enqueueAll(types[task], inputs, options);
        }
      },
      enqueueIn: ({ task, input, options, rollback }) => {
        let id;
        return storage.db.transaction().execute(async (transaction) => {
          await transaction.insertInto("mark").values({ n: input.n }).execute();
          id = await tasks.enqueue(types[task], input, { ...options, transaction });
          if (rollback) throw Object.assign(new Error("Rolled back"), { code: id });
          return id;
        });
      },
      wait: ({ task, id, options }) => tasks.wait(types[task], id, following(options)),
      find: ({ task, query }) => tasks.find(types[task], query),
      cancel: ({ task, id }) => tasks.cancel(types[task], id),
      schedule: ({ task, cron, input, options }) => tasks.schedule(types[task], cron, input, options),
      unschedule: ({ task, name }) => tasks.unschedule(types[task], name),
    });
  }
  stop() {}
  unload() {}
}

class WorkerEntryHook extends PluginWorkerEntryHookABC {
  load() {}
  async start() {
    const { tasks, storage } = this.platform;
    const counts = {};
    const gate = new Gate();
    // Tasks with an even number have ended when the service begins to stop.
    const stopping = () => gate.openEven();
    process.on("SIGTERM", stopping);
    this.disposables.defer(() => process.off("SIGTERM", stopping));
    const parts = { types, storage, gate, counts, logger: this.getLogger(import.meta) };
    for (const handler of handlersOf(parts)) await tasks.handle(handler);
    await tasks.handle(square);
    await tasks.handle(bad);
    await tasks.handle(endless);
    return listen(this.disposables, {
      open: () => gate.open(),
      close: () => gate.close(),
      counts: () => counts,
      held: () => gate.held,
    });
  }
  stop() {}
  unload() {}
}

export const peekLogicEntryHook = () => LogicEntryHook;
export const peekWorkerEntryHook = () => WorkerEntryHook;
`;
}
