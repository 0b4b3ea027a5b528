import { join } from "node:path";
import { importContracts } from "./importContracts.ts";
import type { LiveService } from "./LiveServices.ts";
import type { PluginPackageOptions } from "./pluginPackage.ts";

const hookNames = { logic: "Logic", field: "Field", office: "Office" } as const;
type HookedService = keyof typeof hookNames;

/** A plugin with contracts, tables, and a part on logic and on the services that browsers use. */
export interface ObservablePluginOptions {
  readonly name: string;
  /** The module `contracts.js`. */
  readonly contracts: string;
  /** The imports and helpers at the top of `index.js`. */
  readonly header: string;
  /** The body of `start()` for each service on which the plugin has a part. */
  readonly start: Readonly<Partial<Record<HookedService, string>>>;
  /** The SQL that makes the tables. */
  readonly tables: string;
}

/** The package of a plugin that provides observables from its tables. */
export function observablePlugin(options: ObservablePluginOptions): PluginPackageOptions {
  const { name, contracts, header, start, tables } = options;
  const services = (["logic", "field", "office"] as const).filter((service) => start[service] !== undefined);
  const hooks = services.map((service) => hookOf(service, start[service] ?? ""));
  const migration = `import { sql } from "@peek/plugin-base/storage";
export async function up(db) { await sql.raw(${JSON.stringify(tables)}).execute(db); }
export async function down() {}
`;
  return {
    name,
    manifest: { requiresServices: [...services, "storage"], storage: { migrationsDir: "migrations" } },
    index: [header, ...hooks].join("\n"),
    files: { "contracts.js": contracts, "migrations/0001_create.js": migration },
  };
}

function hookOf(service: HookedService, start: string): string {
  const hook = `${hookNames[service]}EntryHook`;
  return `import { Plugin${hook}ABC } from "@peek/plugin-base/${service}";
export const peek${hook} = () => class ${hook} extends Plugin${hook}ABC {
  load() {}
  start() {
${start}
  }
  stop() {}
  unload() {}
};
`;
}

/** Imports the contracts of a plugin from the copy that a service runs. */
export async function contractsOf<Contracts>(name: string, { home }: LiveService): Promise<Contracts> {
  const folder = name.replaceAll("_", "-");
  return importContracts(join(home.dir, "plugin-software", "node_modules", folder, "contracts.js"));
}
