import type { ActionType, TupleType } from "@peek/plugin-base/contracts";
import type { LiveService } from "./LiveServices.ts";
import { contractsOf, observablePlugin } from "./observablePlugin.ts";
import type { PluginPackageOptions } from "./pluginPackage.ts";

/** The plugin of {@link livePlugin}. */
export const livePluginName = "peek_plugin_live";

/** The number of watched entries: the last ones of the log. */
export const entryWindow = 1500;

/** An entry of the log. Entries are committed one after the other with a rising `n`, each with its twin. */
export interface Entry {
  readonly n: number;
  readonly twin: number;
}

/** A thing with an owner. */
export interface Thing {
  readonly id: number;
  readonly owner: string;
  readonly text: string;
}

/** The contracts of the plugin. */
export interface LiveContracts {
  /** The last {@link entryWindow} entries of the log. */
  readonly Entry: TupleType<Entry>;
  /** The things of the watching user; only for users in the table `member`. */
  readonly Thing: TupleType<Thing>;
  /** Records its text in the table `note`, and is rejected if the text begins with `bad`. */
  readonly Note: ActionType<{ readonly text: string }>;
}

const contracts = `import { defineAction, defineTuple } from "@peek/plugin-base/contracts";
import { z } from "zod";
export const Entry = defineTuple("${livePluginName}.Entry", { n: z.int(), twin: z.int() }, { key: "n" });
export const Thing = defineTuple("${livePluginName}.Thing", { id: z.int(), owner: z.string(), text: z.string() }, { key: "id" });
export const Note = defineAction("${livePluginName}.Note", { text: z.string() });
`;

const header = `import { ActionRejection } from "@peek/plugin-base/contracts";
import { Entry, Note, Thing } from "./contracts.js";
`;

const logicStart = `
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
`;

const fieldStart = `
const { observables, actions, http } = this.platform;
observables.expose(Entry);
observables.expose(Thing);
actions.expose(Note);
http.route("POST", "/hello", (_request, { user }) => Response.json({ hello: user.name }));
`;

const tables = `
  CREATE TABLE entry (n int PRIMARY KEY, twin int NOT NULL);
  CREATE TABLE member (name text PRIMARY KEY);
  CREATE TABLE thing (id int PRIMARY KEY, owner text NOT NULL, text text NOT NULL);
  CREATE TABLE note (n int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, text text NOT NULL);
`;

/** A plugin with a log that is written fast, things with owners, and notes that may be rejected. */
export function livePlugin(): PluginPackageOptions {
  const start = { logic: logicStart, field: fieldStart };
  return observablePlugin({ name: livePluginName, contracts, header, start, tables });
}

/** Imports its contracts from the copy that a service runs. */
export function liveContracts(service: LiveService): Promise<LiveContracts> {
  return contractsOf(livePluginName, service);
}
