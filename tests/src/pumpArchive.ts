import { mkdir, mkdtemp, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { peek } from "./peekCommand.ts";
import { workspaceDir } from "./workspace.ts";

/** The plugin in the archives of {@link pumpArchive}. */
export const pump = "peek_plugin_pump";

/** The version of a plugin to pack. */
export interface PumpVersion {
  readonly version: string;
  /** The services that it has a part for. Default: logic and field. */
  readonly services?: readonly string[];
  /** The code of its module, before the classes. */
  readonly top?: string;
  /** The code of load(). */
  readonly load?: string;
  /** The code of start(); `this.service` is the name of the service. */
  readonly start?: string;
  /** The code of stop(). */
  readonly stop?: string;
  /** The bodies of up() of its migrations, in order, with `sql` and `db`. Each has a down(). Default: it requires no storage. */
  readonly migrations?: readonly string[];
  /** Further sections of plugin_package.json. Default: none. */
  readonly sections?: Readonly<Record<string, unknown>>;
  /** Further files, by their path in the package. */
  readonly files?: Readonly<Record<string, string>>;
}

/** Packs a version of a plugin. @param base The value of PEEK_HOME, which gets the archive. @returns The archive. */
export async function pumpArchive(base: string, pumpVersion: PumpVersion): Promise<string> {
  const {
    version,
    services = ["logic", "field"],
    top = "",
    load = "",
    start = "",
    stop = "",
    migrations = [],
    sections = {},
  } = pumpVersion;
  const files = {
    ...pumpVersion.files,
    ...Object.fromEntries(
      migrations.map((body, index) => [
        `migrations/${String(index + 1).padStart(4, "0")}_pump.js`,
        migrationCode(body),
      ]),
    ),
  };
  const dir = await mkdtemp(join(base, "pump-"));
  const names = ["index.js", ...Object.keys(files)];
  const json = { name: "peek-plugin-pump", version, type: "module", files: names, exports: "./index.js" };
  const requiresServices = migrations.length === 0 ? services : [...services, "storage"];
  const manifest = {
    plugin: { title: "Pump", packageName: pump },
    requiresServices,
    ...(migrations.length > 0 && { storage: { migrationsDir: "migrations" } }),
    ...sections,
  };
  await writeFile(join(dir, "package.json"), JSON.stringify(json));
  await writeFile(join(dir, "plugin_package.json"), JSON.stringify(manifest));
  const parts = services.map((service) => {
    const title = `${service.slice(0, 1).toUpperCase()}${service.slice(1)}`;
    return `import { Plugin${title}EntryHookABC } from "@peek/plugin-base/${service}";
      export const peek${title}EntryHook = () => class extends Plugin${title}EntryHookABC {
        service = "${service}";
        async load() { ${load} }
        async start() { ${start} }
        async stop() { ${stop} }
        unload() {}
      };`;
  });
  await writeFile(join(dir, "index.js"), [top, ...parts].join("\n"));
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(dir, name)), { recursive: true });
    await writeFile(join(dir, name), content);
  }
  await mkdir(join(dir, "node_modules", "@peek"), { recursive: true });
  await symlink(join(workspaceDir, "packages/plugin-base"), join(dir, "node_modules/@peek/plugin-base"));
  const file = join(dir, `pump-${version}.tgz`);
  const { code, stderr } = await peek(base, "plugin", "pack", dir, "--out", file);
  if (code !== 0) throw new Error(stderr);
  return file;
}

function migrationCode(body: string): string {
  return `import { sql } from "@peek/plugin-base/storage";
    export async function up(db) { ${body} }
    export async function down() {}`;
}
