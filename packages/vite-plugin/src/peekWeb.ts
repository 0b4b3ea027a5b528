import react from "@vitejs/plugin-react";
import { join, resolve } from "node:path";
import { normalizePath, type PluginOption } from "vite";
import { buildConfig } from "./build/buildConfig.ts";
import { builtWeb } from "./build/builtWeb.ts";
import { sizeReport } from "./build/sizeReport.ts";
import { staleFiles } from "./build/staleFiles.ts";
import { moduleChecks } from "./checks/moduleChecks.ts";
import { scopedStyles } from "./css/scopedStyles.ts";
import { developmentServer } from "./dev/developmentServer.ts";
import { sharedByPage } from "./dev/sharedByPage.ts";
import { refusedImports } from "./imports/refusedImports.ts";
import { manifestFile, readTarget } from "./manifest/readTarget.ts";
import type { WebTarget } from "./manifest/WebTarget.ts";
import type { PeekWebOptions } from "./PeekWebOptions.ts";

/**
 * Builds the web module of a plugin, as the key `web` of its plugin_package.json declares it, and serves it from its sources below a running site.
 *
 * ```ts
 * // vite.config.ts
 * export default defineConfig({ plugins: [peekWeb()] });
 * ```
 *
 * The modules of the shell are left as imports, style sheets are limited to the plugin's container, and peek-web.json is written.
 *
 * @throws PeekError `WEB_BUILD_INVALID` when plugin_package.json declares no module, or one that differs from the code.
 */
export function peekWeb(options: PeekWebOptions = {}): PluginOption[] {
  let found: WebTarget | undefined;
  const target = (): WebTarget => {
    if (found === undefined) throw new Error("The target is read when Vite reads its configuration");
    return found;
  };
  return [
    {
      name: "peek:config",
      config(config) {
        found = readTarget(resolve(options.root ?? config.root ?? process.cwd()), options);
        return { root: found.root, publicDir: false };
      },
      // A dev server starts again when it is saved.
      configResolved: ({ configFileDependencies }) => {
        configFileDependencies.push(normalizePath(join(target().root, manifestFile)));
      },
    },
    react(),
    {
      name: "peek:react",
      // Also where NODE_ENV says otherwise: the shell provides this function of React, and no other.
      config(config, { command }) {
        // Vite has no React to prepare for the dev server.
        if (config.optimizeDeps?.include !== undefined) {
          config.optimizeDeps.include = config.optimizeDeps.include.filter((name) => !/^react(?:$|-dom|\/)/.test(name));
        }
        return {
          oxc: { jsx: { development: false } },
          ...(command === "build" && { define: { "process.env.NODE_ENV": JSON.stringify("production") } }),
        };
      },
    },
    refusedImports(),
    sharedByPage(),
    developmentServer(target, options.site),
    scopedStyles(target),
    moduleChecks(target),
    { name: "peek:build", apply: "build", config: () => buildConfig(target()) },
    builtWeb(target),
    staleFiles(),
    sizeReport(target),
  ];
}
