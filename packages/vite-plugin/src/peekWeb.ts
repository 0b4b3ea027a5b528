import react from "@vitejs/plugin-react";
import { resolve } from "node:path";
import type { PluginOption } from "vite";
import { buildConfig } from "./build/buildConfig.ts";
import { builtWeb } from "./build/builtWeb.ts";
import { sizeReport } from "./build/sizeReport.ts";
import { moduleChecks } from "./checks/moduleChecks.ts";
import { scopedStyles } from "./css/scopedStyles.ts";
import { sharedImports } from "./imports/sharedImports.ts";
import { readTarget } from "./manifest/readTarget.ts";
import type { WebTarget } from "./manifest/WebTarget.ts";
import type { PeekWebOptions } from "./PeekWebOptions.ts";

/**
 * Builds the web module of a plugin, as the key `web` of its plugin_package.json declares it.
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
        return {
          root: found.root,
          // Wherever the site serves it.
          base: "./",
          publicDir: false,
          build: buildConfig(found),
        };
      },
    },
    react(),
    {
      name: "peek:production",
      apply: "build",
      // Also where NODE_ENV says otherwise: the shell provides the React of production.
      config: () => ({
        oxc: { jsx: { development: false } },
        define: { "process.env.NODE_ENV": JSON.stringify("production") },
      }),
    },
    ...sharedImports(),
    scopedStyles(target),
    moduleChecks(target),
    builtWeb(target),
    sizeReport(target),
  ];
}
