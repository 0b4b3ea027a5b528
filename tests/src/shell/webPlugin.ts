import type { PluginPackageOptions } from "../pluginPackage.ts";

/** A plugin whose part for the admin site is a web module, written as browsers run it. */
export interface WebPluginOptions {
  /** `peek_plugin_<name>` */
  readonly name: string;
  readonly title: string;
  /** The code of the module; null: the file is missing. It finds `React`, `h`, and `page(Component)`, which is a module with one page. */
  readonly code: string | null;
  /** Its style sheet, as a build has limited it. Default: none. */
  readonly css?: string;
  /** Default: that of the shell. */
  readonly webApi?: string;
  /** More keys of the manifest's section `web`. */
  readonly section?: Readonly<Record<string, unknown>>;
}

const prelude = `import React from "react";
import { definePluginWeb } from "@peek/web";
const h = React.createElement;
const page = (Component) => definePluginWeb({ routes: { "": async () => ({ default: Component }) } });
`;

/** The package of a plugin on logic with a web module for the admin site. */
export function webPlugin({ name, title, code, css, webApi = "1.0", section }: WebPluginOptions): PluginPackageOptions {
  const built = { format: 1, plugin: name, webApi, module: "main.js", styles: css === undefined ? [] : ["main.css"] };
  const web = { dir: "web", routes: [{ path: "", title }], ...section };
  return {
    name,
    manifest: { plugin: { title, packageName: name, version: "1.0.0" }, admin: { web } },
    files: {
      "web/peek-web.json": JSON.stringify(built),
      ...(code !== null && { "web/main.js": prelude + code }),
      ...(css !== undefined && { "web/main.css": css }),
    },
  };
}
