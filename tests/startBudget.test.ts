import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { serviceNames } from "@peek/plugin-base";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { ImportedModules, recorderEnvironment } from "./src/start/ImportedModules.ts";
import { runToEnd, type RunningProcess } from "./src/RunningProcess.ts";
import { TestHome } from "./src/TestHome.ts";
import { workspaceDir } from "./src/workspace.ts";

const budgetFile = join(import.meta.dirname, "startBudget.json");
const isUpdate = process.env["PEEK_UPDATE_START_BUDGET"] === "1";

const programSchema = z.strictObject({
  modules: z.int(),
  bytes: z.int(),
  packages: z.array(z.string()),
  modulesOfNode: z.array(z.string()),
  /** The modules when the budget was set, by folder; only to name those that are new. */
  known: z.record(z.string(), z.string()),
});
const budgetSchema = z.strictObject({ about: z.string(), programs: z.record(z.string(), programSchema) });

type ProgramBudget = z.infer<typeof programSchema>;

/** How a program exceeds its budget, each time with the names of the modules; empty when it does not. */
function excessOf(imported: ImportedModules, budget: ProgramBudget): readonly string[] {
  const { files, bytes, packages, ofNode } = imported;
  const known = new Set(
    Object.entries(budget.known).flatMap(([dir, names]) => names.split(" ").map((name) => dir + name)),
  );
  const news = [...files].filter(([name]) => !known.has(name)).sort((one, other) => other[1] - one[1]);
  const isLarge = files.size > budget.modules || bytes > budget.bytes;
  return [
    ...packages.filter((name) => !budget.packages.includes(name)).map((name) => `new package: ${name}`),
    ...ofNode.filter((name) => !budget.modulesOfNode.includes(name)).map((name) => `new module of Node: ${name}`),
    ...(files.size > budget.modules ? [`${files.size} modules, more than ${budget.modules}`] : []),
    ...(bytes > budget.bytes ? [`${bytes} bytes, more than ${budget.bytes}`] : []),
    ...(isLarge ? news.map(([name, size]) => `new module: ${name}, ${size} bytes`) : []),
  ];
}

/** A budget that has room for small changes, and for nothing else. */
function budgetFor({ files, bytes, packages, ofNode }: ImportedModules): ProgramBudget {
  const known = Map.groupBy([...files.keys()].sort(), (name) => name.slice(0, name.lastIndexOf("/") + 1));
  return {
    modules: Math.ceil(files.size * 1.05),
    bytes: Math.ceil((bytes * 1.05) / 1000) * 1000,
    packages: [...packages],
    modulesOfNode: [...ofNode],
    known: Object.fromEntries(
      [...known].map(([dir, names]) => [dir, names.map((name) => name.slice(dir.length)).join(" ")]),
    ),
  };
}

function readBudget(): z.infer<typeof budgetSchema> {
  return budgetSchema.parse(JSON.parse(readFileSync(budgetFile, "utf8")));
}

function budgetOf(program: string): ProgramBudget {
  const budget = readBudget().programs[program];
  if (budget === undefined) throw new Error(`${budgetFile} has no budget for ${program}`);
  return budget;
}

function check(program: string, imported: ImportedModules): void {
  if (!isUpdate) return expect(excessOf(imported, budgetOf(program))).toEqual([]);
  const { about, programs } = readBudget();
  const updated = { about, programs: { ...programs, [program]: budgetFor(imported) } };
  writeFileSync(budgetFile, `${JSON.stringify(updated, undefined, 2)}\n`);
}

/** The port of logic's data exchange. */
async function exchangePort(logicHome: TestHome): Promise<number> {
  const schema = z.object({ httpServer: z.object({ dataExchange: z.object({ sitePort: z.int() }) }) });
  return schema.parse(JSON.parse(await logicHome.readConfig())).httpServer.dataExchange.sitePort;
}

describe("what a program imports until it is ready", () => {
  const tutorial = { logging: { level: "DEBUG" as const }, plugin: { enabled: ["peek_plugin_tutorial"] } };
  let logicHome: TestHome;
  let logic: RunningProcess;

  beforeAll(async () => {
    logicHome = await TestHome.with(tutorial);
    logic = logicHome.run({ env: recorderEnvironment(join(logicHome.base, "logic")) });
    await logic.waitFor(/:Ready in /);
  });

  afterAll(async () => {
    await logic.stop();
    await logicHome[Symbol.asyncDispose]();
  });

  /** Starts a service beside logic, and ends it when it is ready. */
  async function recordOf(service: string, environment = recorderEnvironment): Promise<ImportedModules> {
    const record = join(logicHome.base, `${service}-${performance.now()}`);
    const dataExchange = { httpPort: await exchangePort(logicHome) };
    const home = await logicHome.beside(service, { ...tutorial, dataExchange });
    await using running = home.run({ env: { ...environment(record) } });
    await running.waitFor(/:Ready in /);
    await running.stop();
    return ImportedModules.read(record);
  }

  it.each(serviceNames)("is within the budget of %s", async (service) => {
    const ofLogic = service === "logic";
    check(service, ofLogic ? ImportedModules.read(join(logicHome.base, service)) : await recordOf(service));
  });

  it("exceeds the budget of field with Fastify, which is named with its modules", async () => {
    const planted = pathToFileURL(join(workspaceDir, "services", "field", "bundle", "createSiteApp.js")).href;
    const imported = await recordOf("field", (record) => {
      const { NODE_OPTIONS, ...environment } = recorderEnvironment(record);
      return { ...environment, NODE_OPTIONS: `${NODE_OPTIONS} --import ${planted}` };
    });
    const excess = excessOf(imported, budgetOf("field"));
    expect(excess).toContain("new package: fastify");
    expect(excess).toContainEqual(expect.stringMatching(/^\d+ bytes, more than \d+$/));
    expect(excess).toContainEqual(expect.stringMatching(/^new module: fastify\/fastify\.js, \d+ bytes$/));
  });

  it("is within the budget of peek --version", async () => {
    const record = join(logicHome.base, "peek");
    const command = join(workspaceDir, "packages", "cli", "bin", "peek");
    const { ending } = await runToEnd(command, { args: ["--version"], env: recorderEnvironment(record) });
    expect(ending.code).toBe(0);
    check("peek --version", ImportedModules.read(record));
  });
});
