import { existsSync } from "node:fs";
import { mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runToEnd } from "./src/RunningProcess.ts";
import { makeFolder } from "./src/temporaryFolder.ts";
import { workspaceDir } from "./src/workspace.ts";

/** The members of every entry hook; the compiler has to name the type of each in the declarations. */
const common = `
  readonly logger = this.getLogger(import.meta);
  readonly config = this.packageConfig;
  readonly held = this.disposables;
  readonly rpc = this.platform.vortex.rpc;
  readonly payloads = this.platform.vortex.payloads;
  readonly presence = this.platform.vortex.presence;
  readonly other = this.platform.getOtherPluginApi;
  peers() { return this.presence.peers("logic"); }
  load() {} start() {} stop() {} unload() {}`;

const withStorage = `
  readonly storage = this.platform.storage;
  readonly tasks = this.platform.tasks;
  lent() { return this.storage.withClient(async (client) => client); }
  rows() { return this.storage.db.selectFrom("pump").selectAll().execute(); }
  find() { return this.tasks.find(Sweep, { id: "1" }); }`;

const contracts = `
import { defineTask } from "@peek/plugin-base/contracts";
interface Tables { readonly pump: { readonly id: number } }
export const Sweep = defineTask("peek_plugin_pump.Sweep");`;

/** Files that import one part of plugin-base, and name no type. */
const files: Readonly<Record<string, string>> = {
  worker: `import { defineTaskHandler, PluginWorkerEntryHookABC } from "@peek/plugin-base/worker";${contracts}
export default defineTaskHandler(import.meta, Sweep, (_input, context) => void context.progress(1));
export const workTwice = (run: Parameters<typeof defineTaskHandler>[2]) => run;
export class WorkerEntryHook extends PluginWorkerEntryHookABC<Tables> {${common}${withStorage}
  serve(handler: Parameters<typeof this.tasks.handle>[0]) { return handler; }
}`,
  logic: `import { PluginLogicEntryHookABC } from "@peek/plugin-base/logic";${contracts}
export class LogicEntryHook extends PluginLogicEntryHookABC<Tables> {${common}${withStorage}
  readonly observables = this.platform.observables;
  readonly actions = this.platform.actions;
  readonly http = this.platform.http;
}`,
  field: `import { PluginFieldEntryHookABC } from "@peek/plugin-base/field";
export class FieldEntryHook extends PluginFieldEntryHookABC {${common}
  readonly http = this.platform.http;
}`,
  office: `import { PluginOfficeEntryHookABC } from "@peek/plugin-base/office";
export class OfficeEntryHook extends PluginOfficeEntryHookABC {${common}
  readonly http = this.platform.http;
}`,
  agent: `import { PluginAgentEntryHookABC } from "@peek/plugin-base/agent";
export class AgentEntryHook extends PluginAgentEntryHookABC {${common}
}`,
  contracts: `import { z } from "zod";
import {
  ActionRejection, checkData, defineAction, defineRpc, defineTask, defineTuple, RpcRejection, TupleSelector,
} from "@peek/plugin-base/contracts";
export const PumpRpc = defineRpc("peek_plugin_pump.PumpRpc", {
  sum: { input: z.int(), output: z.int(), errors: { no: z.object({}) } },
});
export const Pump = defineTuple("peek_plugin_pump.Pump", { id: z.int(), at: z.date() }, { key: "id" });
export const AddPump = defineAction("peek_plugin_pump.AddPump", { id: z.int() });
export const Sweep = defineTask("peek_plugin_pump.Sweep", { input: z.int(), output: z.string() });
export const all = new TupleSelector("peek_plugin_pump.Pump", {});
export const check = checkData;
export const refuse = () => new RpcRejection("no", "There is no such pump");
export const reject = () => new ActionRejection("no");`,
  storage: `import { jsonb, type Kysely, type PluginStorage, sql } from "@peek/plugin-base/storage";
interface Tables { readonly pump: { readonly id: number; readonly name: string } }
export const large = (db: Kysely<Tables>) => db.selectFrom("pump").select("id").where("id", ">", 5);
export const insertion = (db: Kysely<Tables>) => db.insertInto("pump").values({ id: 1, name: "a" });
export const update = (db: Kysely<Tables>) => db.updateTable("pump").set({ name: "b" });
export const deletion = (db: Kysely<Tables>) => db.deleteFrom("pump");
export const creation = (db: Kysely<Tables>) => db.schema.createTable("pump");
export const counted = (db: Kysely<Tables>) => db.fn;
export const now = sql\`now()\`;
export const tags = jsonb(["a"]);
export const lent = (storage: PluginStorage<Tables>) => storage.withClient(async (client) => client);
export const queried = (storage: PluginStorage<Tables>) => storage.withClient((client) => client.query("SELECT 1"));`,
};

const compilerOptions = {
  target: "es2024",
  lib: ["es2024", "esnext.disposable", "dom"],
  module: "nodenext",
  strict: true,
  composite: true,
  declaration: true,
  verbatimModuleSyntax: true,
  skipLibCheck: true,
  types: [],
  outDir: "dist",
  rootDir: "src",
};

/** Writes a plugin for each file, and compiles all at once. @returns The output of the compiler. */
async function compile(dir: string): Promise<string> {
  const modules = join(dir, "node_modules");
  await mkdir(join(modules, "@peek"), { recursive: true });
  const base = join(workspaceDir, "packages", "plugin-base");
  await symlink(base, join(modules, "@peek", "plugin-base"));
  await symlink(join(base, "node_modules", "zod"), join(modules, "zod"));
  for (const [part, content] of Object.entries(files)) {
    await mkdir(join(dir, part, "src"), { recursive: true });
    await writeFile(join(dir, part, "package.json"), JSON.stringify({ name: `peek-plugin-${part}`, type: "module" }));
    await writeFile(join(dir, part, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["src"] }));
    await writeFile(join(dir, part, "src", `${part}.ts`), content);
  }
  const tsc = join(workspaceDir, "node_modules", ".bin", "tsc");
  const { ending, stdout, stderr } = await runToEnd(tsc, {
    args: ["--build", "--pretty", "false", ...Object.keys(files)],
    cwd: dir,
  });
  // Without a line for a file, the compiler itself has failed.
  if (ending.code !== 0 && !stdout.includes(".ts(")) throw new Error(`The compiler failed: ${stdout}${stderr}`);
  return stdout;
}

describe("the compiler writes declarations for a plugin without type annotations", () => {
  let dir: string;
  let output: string;

  beforeAll(async () => {
    dir = await makeFolder();
    output = await compile(dir);
  });

  afterAll(() => rm(dir, { recursive: true, force: true }));

  it.each(Object.keys(files))("that imports only %s of plugin-base", (part) => {
    expect(output.split("\n").filter((line) => line.startsWith(`${part}/`))).toEqual([]);
    expect(existsSync(join(dir, part, "dist", `${part}.d.ts`))).toBe(true);
  });
});
