import { join } from "node:path";
import type { ActionType, TupleType } from "@peek/plugin-base/contracts";
import { importContracts } from "./importContracts.ts";
import type { LiveService } from "./LiveServices.ts";
import type { PluginPackageOptions } from "./pluginPackage.ts";

/** The plugin of {@link stalePlugin}. */
const name = "peek_plugin_stale";

/** A value that somebody measures. */
export interface Reading {
  readonly id: number;
  readonly value: number;
}

/** What the plugin's parts have in common. */
export interface StaleContracts {
  /** All of the table `reading`; loading takes as many seconds as the table `delay` says. */
  readonly Reading: TupleType<Reading>;
  /** Blocks the event loop of logic. */
  readonly Block: ActionType<{ readonly ms: number }>;
}

const contracts = `import { defineAction, defineTuple } from "@peek/plugin-base/contracts";
import { z } from "zod";
export const Reading = defineTuple("${name}.Reading", { id: z.int(), value: z.int() }, { key: "id" });
export const Block = defineAction("${name}.Block", { ms: z.int() });
`;

const index = `import { PluginLogicEntryHookABC } from "@peek/plugin-base/logic";
import { PluginFieldEntryHookABC } from "@peek/plugin-base/field";
import { PluginOfficeEntryHookABC } from "@peek/plugin-base/office";
import { sql } from "@peek/plugin-base/storage";
import { Block, Reading } from "./contracts.js";

const block = (ms) => {
  const until = performance.now() + ms;
  while (performance.now() < until);
};

export const peekLogicEntryHook = () => class LogicEntryHook extends PluginLogicEntryHookABC {
  load() {}
  start() {
    const { observables, actions, storage } = this.platform;
    observables.provide(Reading, {
      tables: ["reading"],
      load: async () => {
        await sql.raw("SELECT pg_sleep(seconds) FROM delay").execute(storage.db);
        return storage.db.selectFrom("reading").selectAll().orderBy("id").execute();
      },
    });
    actions.handle(Block, ({ ms }) => block(ms));
  }
  stop() {}
  unload() {}
};

export const peekFieldEntryHook = () => class FieldEntryHook extends PluginFieldEntryHookABC {
  load() {}
  start() {
    const { observables, actions, http } = this.platform;
    observables.expose(Reading);
    actions.expose(Block);
    http.route("POST", "/block", () => {
      setImmediate(() => block(6000));
      return new Response("blocked");
    });
  }
  stop() {}
  unload() {}
};

export const peekOfficeEntryHook = () => class OfficeEntryHook extends PluginOfficeEntryHookABC {
  load() {}
  start() {
    this.platform.observables.expose(Reading);
  }
  stop() {}
  unload() {}
};
`;

const migration = `import { sql } from "@peek/plugin-base/storage";
export async function up(db) {
  await sql.raw(\`
    CREATE TABLE reading (id int PRIMARY KEY, value int NOT NULL);
    INSERT INTO reading VALUES (1, 0);
    CREATE TABLE delay (seconds float NOT NULL);
    INSERT INTO delay VALUES (0);
  \`).execute(db);
}
export async function down() {}
`;

/** A plugin whose provider a test makes fail and take long, and whose services it blocks. */
export function stalePlugin(): PluginPackageOptions {
  return {
    name,
    manifest: { requiresServices: ["logic", "field", "office", "storage"], storage: { migrationsDir: "migrations" } },
    index,
    files: { "contracts.js": contracts, "migrations/0001_create.js": migration },
  };
}

/** Its contracts, out of the copy that a service runs. */
export async function staleContracts({ home }: LiveService): Promise<StaleContracts> {
  return importContracts(join(home.dir, "plugin-software", "node_modules", "peek-plugin-stale", "contracts.js"));
}
