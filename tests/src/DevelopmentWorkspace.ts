import { cp, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { temporaryFolder } from "./temporaryFolder.ts";
import { workspaceDir } from "./workspace.ts";

/** The name of the plugin in a {@link DevelopmentWorkspace}. */
const packageName = "peek-plugin-pump";

/** A small workspace in a temporary folder: the agent, one plugin, and the development supervisor. A test may break its files. */
export class DevelopmentWorkspace {
  readonly dir: string;

  private constructor(dir: string) {
    this.dir = dir;
  }

  static async make(): Promise<DevelopmentWorkspace> {
    const workspace = new DevelopmentWorkspace(await temporaryFolder());
    const { dir } = workspace;
    const agent = join("services", "agent");
    for (const path of ["scripts/dev.ts", "scripts/Ancestors.ts", `${agent}/src`, `${agent}/package.json`])
      await cp(join(workspaceDir, path), join(dir, path), { recursive: true });
    for (const path of ["node_modules", join(agent, "node_modules")])
      await symlink(join(workspaceDir, path), join(dir, path));
    await workspace.save("pnpm-workspace.yaml", "");
    await workspace.save("packages/peek-extra/index.ts", "");
    const json = { name: packageName, version: "1.0.0", type: "module", exports: "./src/index.ts" };
    await workspace.saveInPlugin("package.json", JSON.stringify(json));
    const manifest = { plugin: { title: "Pump", packageName: "peek_plugin_pump" }, requiresServices: ["agent"] };
    await workspace.saveInPlugin("plugin_package.json", JSON.stringify(manifest));
    await workspace.saveInPlugin(
      "src/index.ts",
      `export const peekAgentEntryHook = async () => (await import("./AgentEntryHook.ts")).AgentEntryHook;`,
    );
    const scope = join(workspace.#pluginDir, "node_modules", "@peek");
    await mkdir(scope, { recursive: true });
    await symlink(join(workspaceDir, "packages", "plugin-base"), join(scope, "plugin-base"));
    return workspace;
  }

  /** Saves a file below the workspace. */
  async save(path: string, content: string): Promise<void> {
    const file = join(this.dir, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
  }

  /** Saves the class of the plugin with this body of load(), which begins in line 6. */
  async saveHook(load: string): Promise<void> {
    const code = `import { PluginAgentEntryHookABC } from "@peek/plugin-base/agent";

export class AgentEntryHook extends PluginAgentEntryHookABC {
  readonly #logger = this.getLogger(import.meta);
  override load(): void {
    ${load}
  }
  override start(): void {}
  override stop(): void {}
  override unload(): void {}
}
`;
    await this.saveInPlugin("src/AgentEntryHook.ts", code);
  }

  async saveInPlugin(path: string, content: string): Promise<void> {
    await this.save(join("plugins", packageName, path), content);
  }

  async readInPlugin(path: string): Promise<string> {
    return readFile(join(this.#pluginDir, path), "utf8");
  }

  get #pluginDir(): string {
    return join(this.dir, "plugins", packageName);
  }
}
