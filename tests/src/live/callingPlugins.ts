import { join } from "node:path";
import { askSocket } from "../askSocket.ts";
import type { PluginPackageOptions } from "../pluginPackage.ts";
import type { CountedCalls } from "./countedCalls.ts";
import { countedCallsModule } from "./countedCalls.ts";
import { loadName, loadVariables } from "./loadPlugin.ts";

const besideName = "peek_plugin_beside";
const socketName = "calls.sock";

/** The calls of a plugin to one contract. */
export interface CallFigures {
  readonly calls: number;
  /** The number of failed calls by their code. */
  readonly failed: Readonly<Record<string, number>>;
  /** Milliseconds from the call to its answer. */
  readonly ms: { readonly p50: number; readonly p99: number; readonly max: number };
}

/** The calls to the plugin that is reloaded, and to one that is not. */
export interface CallReport {
  readonly reloaded: CallFigures;
  readonly beside: CallFigures;
  readonly executedBeside: CountedCalls;
}

/**
 * Two plugins: one on field calls the plugin that generates load and another one, both on logic, at a rate and without waiting for answers.
 * The other one counts the calls.
 */
export const callingPlugins: readonly PluginPackageOptions[] = [besidePlugin(), callerPlugin()];

/** The rate of calls to each of the two plugins, and their deadline. */
export interface CallOptions {
  readonly perSecond: number;
  readonly deadlineMs: number;
}

/** Begins to call. @param dir The home of field. */
export async function beginCalls(dir: string, options: CallOptions): Promise<void> {
  await askSocket(join(dir, socketName), { ask: "begin", ...options });
}

/** Ends, waits for the last answers, and resolves with the figures since the begin. */
export async function endCalls(dir: string): Promise<CallReport> {
  return (await askSocket(join(dir, socketName), { ask: "end" })) as CallReport;
}

function besidePlugin(): PluginPackageOptions {
  return {
    name: besideName,
    files: {
      "CountedCalls.js": countedCallsModule,
      "contracts.js": `
import { defineRpc } from "@peek/plugin-base/contracts";
import { z } from "zod";
export const Count = defineRpc("${besideName}.Count", {
  count: { input: z.int(), output: z.int() },
  counted: { output: z.object({ executed: z.int(), twice: z.int() }) },
});
`,
    },
    index: `
import { PluginLogicEntryHookABC } from "@peek/plugin-base/logic";
import { CountedCalls } from "./CountedCalls.js";
import { Count } from "./contracts.js";
const counted = CountedCalls.of("${besideName}");
export const peekLogicEntryHook = () => class LogicEntryHook extends PluginLogicEntryHookABC {
  load() {}
  start() { this.platform.vortex.rpc.serve(Count, { count: (n) => counted.add(n), counted: () => counted.report() }); }
  stop() {}
  unload() {}
};
`,
  };
}

function callerPlugin(): PluginPackageOptions {
  const name = "peek_plugin_caller";
  return {
    name,
    manifest: { requiresServices: ["field"] },
    files: {
      "contracts.js": `
import { defineRpc } from "@peek/plugin-base/contracts";
import { z } from "zod";
const count = { input: z.int(), output: z.int() };
export const Reloaded = defineRpc("${loadName}.Count", { count });
export const Beside = defineRpc("${besideName}.Count", { count, counted: { output: z.object({ executed: z.int(), twice: z.int() }) } });
`,
    },
    index: `
import { PluginFieldEntryHookABC } from "@peek/plugin-base/field";
import { rmSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as pause } from "node:timers/promises";
import { Beside, Reloaded } from "./contracts.js";

class Calls {
  #client;
  #took = [];
  #failed = {};
  #underWay = new Set();
  #deadlineMs;
  constructor(client, deadlineMs) {
    this.#client = client;
    this.#deadlineMs = deadlineMs;
  }
  begin(n) {
    const call = this.#call(n);
    this.#underWay.add(call);
    void call.then(() => this.#underWay.delete(call));
  }
  async #call(n) {
    const began = performance.now();
    try {
      await this.#client.count(n, { deadlineMs: this.#deadlineMs });
    } catch (error) {
      const code = error.code ?? error.name;
      this.#failed[code] = (this.#failed[code] ?? 0) + 1;
    }
    this.#took.push(performance.now() - began);
  }
  async end() {
    await Promise.all(this.#underWay);
    const sorted = this.#took.toSorted((one, other) => one - other);
    const at = (part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
    return { calls: sorted.length, failed: this.#failed, ms: { p50: at(0.5), p99: at(0.99), max: at(1) } };
  }
}

class FieldEntryHook extends PluginFieldEntryHookABC {
  load() {}
  start() {
    const { rpc } = this.platform.vortex;
    const clients = { reloaded: rpc.client(Reloaded, { to: "logic" }), beside: rpc.client(Beside, { to: "logic" }) };
    let running;
    const run = async (perSecond, { signal }, { reloaded, beside }) => {
      const began = performance.now();
      for (let begun = 0; !signal.aborted; await pause(2)) {
        for (; begun < ((performance.now() - began) / 1000) * perSecond; begun += 1) {
          reloaded.begin(begun);
          beside.begin(begun);
        }
      }
    };
    const answers = {
      begin: ({ perSecond, deadlineMs }) => {
        const calls = { reloaded: new Calls(clients.reloaded, deadlineMs), beside: new Calls(clients.beside, deadlineMs) };
        const ending = new AbortController();
        running = { ending, calls, ended: run(perSecond, ending, calls) };
        return {};
      },
      end: async () => {
        running.ending.abort();
        await running.ended;
        const { reloaded, beside } = running.calls;
        return { reloaded: await reloaded.end(), beside: await beside.end(), executedBeside: await clients.beside.counted() };
      },
    };
    const path = join(process.env.${loadVariables.dir}, "${socketName}");
    rmSync(path, { force: true });
    const server = createServer(async (request, response) => {
      const question = JSON.parse(await text(request));
      response.end(JSON.stringify(await answers[question.ask](question)));
    });
    this.disposables.defer(() => { running?.ending.abort(); server.closeAllConnections(); server.close(); });
    return new Promise((resolve) => server.listen(path, resolve));
  }
  stop() {}
  unload() {}
}

export const peekFieldEntryHook = () => FieldEntryHook;
`,
  };
}
