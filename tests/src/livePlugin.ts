import { join } from "node:path";
import type { ActionType, TupleType } from "@peek/plugin-base/contracts";
import { importContracts } from "./importContracts.ts";
import type { LiveService } from "./LiveServices.ts";
import type { PluginPackageOptions } from "./pluginPackage.ts";

/** The plugin of {@link livePlugin}. */
export const livePluginName = "peek_plugin_live";

/** How many entries of the log are watched: the last ones. */
export const entryWindow = 1500;

/** An entry of the log: those with a rising `n` are committed one after the other, each with its twin. */
export interface Entry {
  readonly n: number;
  readonly twin: number;
}

/** What somebody owns. */
export interface Thing {
  readonly id: number;
  readonly owner: string;
  readonly text: string;
}

/** What the plugin's parts have in common. */
export interface LiveContracts {
  /** The last {@link entryWindow} entries of the log. */
  readonly Entry: TupleType<Entry>;
  /** What the user who watches owns; only for those in the table `member`. */
  readonly Thing: TupleType<Thing>;
  /** Writes down that it was done; never twice with the same text by itself. */
  readonly Note: ActionType<{ readonly text: string }>;
}

const contracts = `import { defineAction, defineTuple } from "@peek/plugin-base/contracts";
import { z } from "zod";
export const Entry = defineTuple("${livePluginName}.Entry", { n: z.int(), twin: z.int() }, { key: "n" });
export const Thing = defineTuple("${livePluginName}.Thing", { id: z.int(), owner: z.string(), text: z.string() }, { key: "id" });
export const Note = defineAction("${livePluginName}.Note", { text: z.string() });
`;

const index = `import { PluginLogicEntryHookABC } from "@peek/plugin-base/logic";
import { PluginFieldEntryHookABC } from "@peek/plugin-base/field";
import { ActionRejection } from "@peek/plugin-base/contracts";
import { Entry, Note, Thing } from "./contracts.js";

export const peekLogicEntryHook = () => class LogicEntryHook extends PluginLogicEntryHookABC {
  load() {}
  start() {
    const { observables, actions, storage } = this.platform;
    observables.provide(Entry, {
      tables: ["entry"],
      load: async () => {
        const rows = await storage.db.selectFrom("entry").selectAll().orderBy("n", "desc").limit(${entryWindow}).execute();
        return rows.reverse();
      },
    });
    const isMember = async (user) =>
      (await storage.db.selectFrom("member").selectAll().where("name", "=", user.name).execute()).length > 0;
    observables.provide(Thing, {
      tables: ["thing"],
      rightsTables: ["member"],
      authorize: ({ user }) => isMember(user),
      scope: ({ user }) => user.name,
      load: (_selector, { scope }) =>
        storage.db.selectFrom("thing").selectAll().where("owner", "=", scope).orderBy("id").execute(),
    });
    actions.handle(Note, async ({ text }, { transaction }) => {
      if (text.startsWith("bad")) throw new ActionRejection("This is not noted: " + text);
      await transaction.insertInto("note").values({ text }).execute();
    });
  }
  stop() {}
  unload() {}
};

export const peekFieldEntryHook = () => class FieldEntryHook extends PluginFieldEntryHookABC {
  load() {}
  start() {
    const { observables, actions, http } = this.platform;
    observables.expose(Entry);
    observables.expose(Thing);
    actions.expose(Note);
    http.route("POST", "/hello", (_request, { user }) => Response.json({ hello: user.name }));
  }
  stop() {}
  unload() {}
};
`;

const migration = `import { sql } from "@peek/plugin-base/storage";
export async function up(db) {
  await sql.raw(\`
    CREATE TABLE entry (n int PRIMARY KEY, twin int NOT NULL);
    CREATE TABLE member (name text PRIMARY KEY);
    CREATE TABLE thing (id int PRIMARY KEY, owner text NOT NULL, text text NOT NULL);
    CREATE TABLE note (n int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, text text NOT NULL);
  \`).execute(db);
}
export async function down() {}
`;

/** A plugin with a log that is written fast, things that belong to somebody, and notes that may be rejected. */
export function livePlugin(): PluginPackageOptions {
  return {
    name: livePluginName,
    manifest: { requiresServices: ["logic", "field", "storage"], storage: { migrationsDir: "migrations" } },
    index,
    files: { "contracts.js": contracts, "migrations/0001_create.js": migration },
  };
}

/** Its contracts, out of the copy that a service runs. */
export async function liveContracts({ home }: LiveService): Promise<LiveContracts> {
  return importContracts(join(home.dir, "plugin-software", "node_modules", "peek-plugin-live", "contracts.js"));
}
