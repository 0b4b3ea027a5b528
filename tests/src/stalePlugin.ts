import type { ActionType, TupleType } from "@peek/plugin-base/contracts";
import type { LiveService } from "./LiveServices.ts";
import { contractsOf, observablePlugin } from "./observablePlugin.ts";
import type { PluginPackageOptions } from "./pluginPackage.ts";

/** The plugin of {@link stalePlugin}. */
const name = "peek_plugin_stale";

/** A measured value. */
export interface Reading {
  readonly id: number;
  readonly value: number;
}

/** The contracts of the plugin. */
export interface StaleContracts {
  /** All rows of the table `reading`. Loading takes the seconds in the table `delay`. */
  readonly Reading: TupleType<Reading>;
  /** Blocks the event loop of logic. */
  readonly Block: ActionType<{ readonly ms: number }>;
}

const contracts = `import { defineAction, defineTuple } from "@peek/plugin-base/contracts";
import { z } from "zod";
export const Reading = defineTuple("${name}.Reading", { id: z.int(), value: z.int() }, { key: "id" });
export const Block = defineAction("${name}.Block", { ms: z.int() });
`;

const header = `import { sql } from "@peek/plugin-base/storage";
import { Block, Reading } from "./contracts.js";

// It leaves the processor to other processes meanwhile.
const block = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
`;

const logicStart = `
const { observables, actions, storage } = this.platform;
observables.provide(Reading, {
  tables: ["reading"],
  load: async () => {
    await sql.raw("SELECT pg_sleep(seconds) FROM delay").execute(storage.db);
    return storage.db.selectFrom("reading").selectAll().orderBy("id").execute();
  },
});
actions.handle(Block, ({ ms }) => block(ms));
`;

const fieldStart = `
const { observables, actions, http } = this.platform;
observables.expose(Reading);
actions.expose(Block);
http.route("POST", "/block", () => {
  setImmediate(() => block(6000));
  return new Response("blocked");
});
`;

const officeStart = `
this.platform.observables.expose(Reading);
`;

const tables = `
  CREATE TABLE reading (id int PRIMARY KEY, value int NOT NULL);
  INSERT INTO reading VALUES (1, 0);
  CREATE TABLE delay (seconds float NOT NULL);
  INSERT INTO delay VALUES (0);
`;

/** A plugin with a provider that a test can make fail or slow, and with services that it can block. */
export function stalePlugin(): PluginPackageOptions {
  const start = { logic: logicStart, field: fieldStart, office: officeStart };
  return observablePlugin({ name, contracts, header, start, tables });
}

/** Imports its contracts from the copy that a service runs. */
export function staleContracts(service: LiveService): Promise<StaleContracts> {
  return contractsOf(name, service);
}
