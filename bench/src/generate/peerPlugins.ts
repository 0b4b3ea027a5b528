import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { peersDir } from "../paths.ts";
import { generateBackstageApp } from "./backstageApp.ts";
import { generatePackage } from "./packages.ts";
import { pluginBody, serial } from "./pluginBody.ts";

/** The peers with their own kind of plugins. */
export type PluginPeer = "nestjs" | "backstage" | "backstageDefaults";

/**
 * Writes plugins for a peer, each in its own package, like Peek's.
 *
 * @param dir The working directory with which the peer has to run.
 * @returns The main modules of the packages.
 */
export async function generatePeerPlugins(peer: PluginPeer, dir: string, count: number): Promise<readonly string[]> {
  const modulesDir = join(dir, "node_modules");
  await mkdir(modulesDir, { recursive: true });
  const { scope, source, generateApp } = pluginsOf[peer];
  await symlink(join(peersDir, "node_modules", scope), join(modulesDir, scope));
  const packages = Array.from({ length: count }, (_, index) => serial(index)).map((id) => ({
    name: `plugin-bench-${id}`,
    source: source(id),
  }));
  await generateApp?.(
    dir,
    packages.map(({ name }) => name),
  );
  return Promise.all(packages.map((each) => generatePackage(modulesDir, each)));
}

interface PeerPlugin {
  /** The folder of the packages that a plugin imports. */
  readonly scope: string;
  readonly source: (id: string) => string;
  /** Writes the surroundings of the plugins. */
  readonly generateApp?: (dir: string, plugins: readonly string[]) => Promise<void>;
}

const pluginsOf: Readonly<Record<PluginPeer, PeerPlugin>> = {
  nestjs: {
    scope: "@nestjs",
    source: () => `import { Module } from "@nestjs/common";

class Plugin {
${pluginBody}  onModuleInit() {
    this.load();
  }
  onApplicationBootstrap() {
    this.start();
  }
}
Module({})(Plugin);

export default { module: Plugin };
`,
  },
  backstage: {
    scope: "@backstage",
    source: (id) => `import { coreServices, createBackendPlugin } from "@backstage/backend-plugin-api";

class Plugin {
${pluginBody}}

export default createBackendPlugin({
  pluginId: "bench-${id}",
  register(env) {
    env.registerInit({
      deps: { lifecycle: coreServices.lifecycle },
      async init({ lifecycle }) {
        const plugin = new Plugin();
        plugin.load();
        lifecycle.addStartupHook(() => plugin.start());
      },
    });
  },
});
`,
  },
  backstageDefaults: {
    scope: "@backstage",
    generateApp: generateBackstageApp,
    source: (id) => `import { coreServices, createBackendPlugin } from "@backstage/backend-plugin-api";

class Plugin {
${pluginBody}}

export default createBackendPlugin({
  pluginId: "bench-${id}",
  register(env) {
    env.registerInit({
      deps: { logger: coreServices.logger },
      async init({ logger }) {
        const plugin = new Plugin();
        plugin.logger = logger;
        plugin.load();
        plugin.start();
      },
    });
  },
});
`,
  },
};
