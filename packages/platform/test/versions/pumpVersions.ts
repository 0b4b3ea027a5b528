import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ChangeJournal, currentVersion, type JournalEntry, packPlugin, VersionStore } from "@peek/archive";
import { createServiceHome, serviceHome, type ServiceHome } from "@peek/config";
import { pluginPackageSchema } from "@peek/plugin-base/manifest";
import { temporaryFolder } from "../temporaryFolder.ts";

export const pump = "peek_plugin_pump";
export const packageName = "peek-plugin-pump";

/** The parts of a version at which a test can hold it, or have it fail. */
export type Point = "import" | "start";

const code = (version: string): string => `
import { existsSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { PluginAgentEntryHookABC } from "@peek/plugin-base/agent";

const at = async (point) => {
  while (existsSync(process.env.PEEK_HOME + "/hold-" + point + "-${version}")) await setTimeout(5);
  if (existsSync(process.env.PEEK_HOME + "/fail-" + point + "-${version}")) throw new Error("The valve is stuck.");
};
await at("import");
class AgentEntryHook extends PluginAgentEntryHookABC {
  load() {}
  async start() {
    await at("start");
  }
  stop() {}
  unload() {}
}
export const peekAgentEntryHook = () => AgentEntryHook;
`;

/** The home of an agent that has two versions of a plugin, 1.0.0 and 1.1.0. The first one is current and enabled. */
export class PumpVersions {
  readonly base = temporaryFolder();
  readonly home: ServiceHome = serviceHome("agent", { PEEK_HOME: this.base });
  readonly softwareDir: string = join(this.home.dir, "plugin-software");
  /** The names of the versions' folders. */
  readonly names: Record<"1.0.0" | "1.1.0", string> = { "1.0.0": "", "1.1.0": "" };

  static async make(): Promise<PumpVersions> {
    const made = new PumpVersions();
    createServiceHome(made.home);
    using store = VersionStore.open(made.softwareDir);
    for (const version of ["1.1.0", "1.0.0"] as const) {
      const unpacked = await store.unpack(await packed(version), {
        expected: { pluginBase: "0.1.0", allowDowngrade: true },
      });
      made.names[version] = basename(unpacked.dir);
      store.activate(packageName, unpacked);
    }
    return made;
  }

  /** Writes config.json. @param probeSeconds How long a change watches the new version. */
  configure(probeSeconds: number): void {
    const config = {
      logging: { level: "INFO", logToFile: false },
      dataExchange: { httpPort: 1 },
      plugin: { enabled: [pump], deadlines: { probeSeconds, stopSeconds: 1 } },
    };
    writeFileSync(this.home.configFile, JSON.stringify(config));
  }

  get journalDir(): string {
    return join(this.softwareDir, "journal");
  }

  /** The current version. */
  get current(): string | undefined {
    return currentVersion(this.softwareDir, packageName)?.version;
  }

  /** The change that the journal has; undefined where it has none. */
  get entry(): JournalEntry | undefined {
    return new ChangeJournal(this.softwareDir).read().entries[0];
  }

  get journalFiles(): readonly string[] {
    return existsSync(this.journalDir) ? readdirSync(this.journalDir) : [];
  }

  /** Has a version wait or fail at a point, until {@link release}. */
  arrange(what: "hold" | "fail", point: Point, version: string): void {
    writeFileSync(join(this.base, `${what}-${point}-${version}`), "");
  }

  release(): void {
    for (const name of readdirSync(this.base).filter((each) => /^(?:hold|fail)-/.test(each)))
      rmSync(join(this.base, name));
  }
}

/** Packs a version. @returns The archive. */
export async function packed(version: string): Promise<string> {
  const dir = mkdtempSync(join(temporaryFolder(), "pump-"));
  const declared = { plugin: { title: "Pump", packageName: pump }, requiresServices: ["agent"] };
  const json = { name: packageName, version, type: "module", files: ["index.js"], exports: "./index.js" };
  writeFileSync(join(dir, "package.json"), JSON.stringify(json));
  writeFileSync(join(dir, "plugin_package.json"), JSON.stringify(declared));
  writeFileSync(join(dir, "index.js"), code(version));
  mkdirSync(join(dir, "node_modules", "@peek"), { recursive: true });
  symlinkSync(
    fileURLToPath(new URL("../../../plugin-base", import.meta.url)),
    join(dir, "node_modules/@peek/plugin-base"),
  );
  const manifest = pluginPackageSchema.parse(declared);
  const { file } = await packPlugin(dir, {
    manifest: { ...manifest, plugin: { ...manifest.plugin, version } },
    out: dir,
  });
  return file;
}
