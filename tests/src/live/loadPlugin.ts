import { join } from "node:path";
import type { ServiceConfigInput } from "@peek/config";
import { storagePlugin } from "../storagePlugin.ts";
import type { PluginPackageOptions } from "../pluginPackage.ts";
import { countedCallsModule } from "./countedCalls.ts";

/** The plugin that generates load. */
export const loadName = "peek_plugin_load";

/** The socket of the plugin on logic, in the service's home. */
export const controlSocket = "load.sock";

/** Environment variables that it reads on logic. */
export const loadVariables = {
  dir: "PEEK_LOAD_DIR",
  /** The longest random delay of `load`, in milliseconds. */
  delay: "PEEK_LOAD_DELAY",
  /** The duration of `start()` on each service, in milliseconds. */
  start: "PEEK_LOAD_START",
  /** Set: each action queues a task. */
  tasks: "PEEK_LOAD_TASKS",
} as const;

/** The canonical selector of the rows of a group. */
export function itemsOf(group: number): string {
  return `["${loadName}.Item",{"group":${group}}]`;
}

/** The canonical selector of one large row, which changes at the requested rate. */
export const blobs = `["${loadName}.Blob",{}]`;

/** The qualified name of the table. */
export const itemTable = "pl_load.item";
/** The table that records actions, with a rising number. */
export const notedTable = "pl_load.noted";
/** The table that records tasks: one for each action, where a worker runs the plugin. */
export const tickedTable = "pl_load.ticked";

const contracts = `
import { defineAction, defineRpc, defineTask, defineTuple } from "@peek/plugin-base/contracts";
import { z } from "zod";
export const group = z.object({ group: z.int() });
export const Item = defineTuple("${loadName}.Item", { id: z.int(), value: z.number(), at: z.number(), pad: z.string() }, { key: "id" });
export const Blob = defineTuple("${loadName}.Blob", { id: z.int(), at: z.number(), text: z.string() }, { key: "id" });
export const Note = defineAction("${loadName}.Note", { lane: z.string(), n: z.int() });
export const Tick = defineTask("${loadName}.Tick", { input: z.object({ lane: z.string(), n: z.int() }), output: z.int(), weight: "light" });
export const Count = defineRpc("${loadName}.Count", { count: { input: z.int(), output: z.int() } });
`;

const index = `
import { PluginFieldEntryHookABC } from "@peek/plugin-base/field";
import { PluginLogicEntryHookABC } from "@peek/plugin-base/logic";
import { defineTaskHandler, PluginWorkerEntryHookABC } from "@peek/plugin-base/worker";
import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as pause } from "node:timers/promises";
import { CountedCalls } from "./CountedCalls.js";
import { Blob, Count, group, Item, Note, Tick } from "./contracts.js";

const now = () => performance.timeOrigin + performance.now();
const delayMs = Number(process.env.${loadVariables.delay} ?? 0);
const startMs = Number(process.env.${loadVariables.start} ?? 0);
const counted = CountedCalls.of("${loadName}");

class LogicEntryHook extends PluginLogicEntryHookABC {
  #runs = new Map();
  #blobRuns = 0;
  #blob = { bytes: 0, timer: undefined };
  load() {}
  async start() {
    const { observables, actions, storage, tasks, vortex } = this.platform;
    if (startMs > 0) await pause(startMs);
    observables.provide(Item, {
      selector: group,
      tables: ["item"],
      affects: ({ rows }, { group }) => rows === undefined || rows.some((row) => row.group === group),
      load: async ({ group }) => {
        this.#runs.set(group, (this.#runs.get(group) ?? 0) + 1);
        if (delayMs > 0) await pause(Math.random() * delayMs);
        const rows = await storage.db.selectFrom("item").select(["id", "value", "at", "pad"]).where("group", "=", group).orderBy("id").execute();
        if (delayMs > 0) await pause(Math.random() * delayMs);
        return rows;
      },
    });
    observables.provide(Blob, {
      load: () => {
        this.#blobRuns += 1;
        return [{ id: 1, at: now(), text: randomBytes(this.#blob.bytes / 2).toString("hex") }];
      },
    });
    actions.handle(Note, async (note, { transaction }) => {
      await transaction.insertInto("noted").values(note).execute();
      if (process.env.${loadVariables.tasks}) await tasks.enqueue(Tick, note, { transaction });
    });
    vortex.rpc.serve(Count, { count: (n) => counted.add(n) });
    const answers = {
      runs: () => ({ groups: Object.fromEntries(this.#runs), blobs: this.#blobRuns }),
      blob: ({ bytes, perSecond }) => {
        clearInterval(this.#blob.timer);
        const timer = perSecond > 0 ? setInterval(() => observables.notify(Blob), 1000 / perSecond) : undefined;
        this.#blob = { bytes, timer };
        return {};
      },
      clock: () => ({ now: Date.now() }),
      counted: () => counted.report(),
    };
    this.disposables.defer(() => clearInterval(this.#blob.timer));
    const path = join(process.env.${loadVariables.dir}, "${controlSocket}");
    rmSync(path, { force: true });
    const server = createServer(async (request, response) => {
      const question = JSON.parse(await text(request));
      response.end(JSON.stringify(answers[question.ask](question)));
    });
    this.disposables.defer(() => { server.closeAllConnections(); server.close(); });
    await new Promise((resolve) => server.listen(path, resolve));
  }
  stop() {}
  unload() {}
}

class WorkerEntryHook extends PluginWorkerEntryHookABC {
  load() {}
  async start() {
    if (startMs > 0) await pause(startMs);
    const { storage, tasks } = this.platform;
    await tasks.handle(defineTaskHandler(import.meta, Tick, async (tick) => {
      await storage.db.insertInto("ticked").values(tick).execute();
      return tick.n;
    }));
  }
  stop() {}
  unload() {}
}

class FieldEntryHook extends PluginFieldEntryHookABC {
  load() {}
  async start() {
    if (startMs > 0) await pause(startMs);
    const { observables, actions, http } = this.platform;
    observables.expose(Item);
    observables.expose(Blob);
    actions.expose(Note);
    http.files("web");
  }
  stop() {}
  unload() {}
}

export const peekLogicEntryHook = () => LogicEntryHook;
export const peekFieldEntryHook = () => FieldEntryHook;
export const peekWorkerEntryHook = () => WorkerEntryHook;
`;

/** The plugin's package. @param web Files of its page. */
export function loadPlugin(web: Readonly<Record<string, string>> = {}): PluginPackageOptions {
  const { name, manifest, files } = storagePlugin({
    name: loadName,
    migrations: [
      `CREATE TABLE item (id integer PRIMARY KEY, "group" integer NOT NULL, value double precision NOT NULL, at double precision NOT NULL, pad text NOT NULL)`,
      `CREATE INDEX ON item ("group")`,
      `CREATE TABLE noted (id bigserial PRIMARY KEY, lane text NOT NULL, n integer NOT NULL)`,
      `CREATE TABLE ticked (lane text NOT NULL, n integer NOT NULL)`,
    ],
  });
  const pages = Object.entries({ "index.html": "<!doctype html>", ...web });
  return {
    name,
    manifest: { ...Object(manifest), requiresServices: ["logic", "storage", "field", "worker"] },
    index,
    files: {
      ...files,
      "contracts.js": contracts,
      "CountedCalls.js": countedCallsModule,
      ...Object.fromEntries(pages.map(([path, text]) => [`web/${path}`, text])),
    },
  };
}

/** How long a reloaded plugin is watched for errors: shorter than usual, since a reload ends only then. */
export const probeSeconds = 0.2;

/** The configuration of services for browsers of this machine, without a login. */
export function fieldConfig(sitePort: number, httpPort: number, token?: string): ServiceConfigInput {
  return {
    httpServer: { field: { sitePort, anonymous: true } },
    plugin: { deadlines: { probeSeconds } },
    dataExchange: { httpPort, ...(token !== undefined && { token }) },
  };
}

/** The environment of services whose clock jumps, with providers that take up to twice `delayMs`. */
export function steppedClock(delayMs: number): Readonly<Record<string, string>> {
  const preload = join(import.meta.dirname, "steppedClock.ts");
  return { [loadVariables.delay]: String(delayMs), NODE_OPTIONS: `--import=${preload}` };
}
