import { serviceConfigSchema } from "@peek/config";
import { Storage } from "@peek/storage";
import pg from "pg";
import { readInput } from "./readInput.js";

// The logic service's work on the database for its plugins, without the service: it opens it, and migrates all.
const { connectUrl, plugins } = readInput();

let queries = 0;
const query = Reflect.get(pg.Client.prototype, "query");
pg.Client.prototype.query = function (...args) {
  queries += 1;
  return query.apply(this, args);
};

const nothing = () => undefined;
const logger = { debug: nothing, info: nothing, warning: console.error, error: console.error, critical: console.error };
const { signal } = new AbortController();
const since = performance.now();
const storage = await Storage.open({
  title: "peek bench",
  config: serviceConfigSchema.parse({ storage: { connectUrl } }).storage,
  embeddedDir: "",
  embedded: "find",
  migrations: "apply",
  plugins,
  getLogger: () => logger,
  signal,
});
const applied = await Promise.all(plugins.map(({ name }) => storage.migrate(name, signal)));
const ms = performance.now() - since;
console.log(`Migrated in ${ms} ms: ${applied.flat().length} migrations, ${queries} queries`);
await storage[Symbol.asyncDispose]();
