import { hash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { temporaryFolder } from "@peek/kit/testing";
import type { WebSection } from "@peek/plugin-base/manifest";
import { type WebCatalogue, webCatalogueSchema, type WebFailure, webPaths } from "@peek/web/protocol";
import { onTestFinished } from "vitest";
import { type HttpSiteOptions, type WebModule, WebModules } from "../../src/index.ts";
import { type OpenSite, openSite } from "../openSite.ts";
import { HeaderSessions } from "./HeaderSessions.ts";

export const lucideIcons: string = join(
  import.meta.dirname,
  "../../../shell/node_modules/@iconify-json/lucide/icons.json",
);

/** A site with an app. */
export interface OpenWebSite extends OpenSite {
  readonly modules: WebModules;
  readonly sessions: HeaderSessions;
  readonly filesDir: string;
  readonly reports: WebFailure[];
  /** A request of a user. Default: anna, without groups. */
  readonly get: (
    path: string,
    init?: { groups?: string; user?: string; headers?: Record<string, string> },
  ) => Promise<Response>;
  readonly catalogue: (groups?: string) => Promise<WebCatalogue>;
  /** Starts a generation of a plugin, until the result is disposed. */
  readonly start: (module: WebModule) => AsyncDisposable;
}

/** The options of {@link openWebSite}. */
export interface WebSiteOptions extends Partial<HttpSiteOptions> {
  readonly filesDir?: string;
  readonly shellDir?: string;
  /** Default: the icons of Lucide. */
  readonly iconsFile?: string;
  /** Whether all plugins have been started. Default: true. */
  readonly isComplete?: boolean;
}

/** Opens a site with an app, until the running test is over. */
export async function openWebSite({
  filesDir,
  shellDir,
  iconsFile = lucideIcons,
  isComplete = true,
  ...others
}: WebSiteOptions = {}): Promise<OpenWebSite> {
  const modules = new WebModules();
  if (isComplete) modules.begin();
  onTestFinished(() => modules[Symbol.dispose]());
  const sessions = new HeaderSessions();
  const reports: WebFailure[] = [];
  const dir = filesDir ?? join(temporaryFolder(), "web-modules");
  const web = {
    modules,
    filesDir: dir,
    version: "1.2.3",
    shellDir: () => shellDir,
    iconsFile: () => iconsFile,
    appIconsDir: () => join(import.meta.dirname, "../../../shell/icons"),
    report: async (failure: WebFailure) => void reports.push(failure),
  };
  const site = await openSite({ sessions, web, ...others });
  const get: OpenWebSite["get"] = (path, { user = "anna", groups = "", headers = {} } = {}) => {
    // A browser without it gets it with the first answer, which is not to be cached then.
    const cookie = `peek_user=${hash("sha256", user).slice(0, 16)}`;
    return fetch(`${site.origin}${path}`, {
      redirect: "manual",
      headers: { "x-user": user, "x-groups": groups, cookie, ...headers },
    });
  };
  return {
    ...site,
    modules,
    sessions,
    filesDir: dir,
    reports,
    get,
    catalogue: async (groups = "") =>
      webCatalogueSchema.parse(await (await get(webPaths.catalogue, { groups })).json()),
    start: (module) => {
      const stack = new AsyncDisposableStack();
      modules.add(module, stack);
      modules.started({ name: module.plugin, generation: module.generation });
      return stack;
    },
  };
}

/** The parts of a plugin in a test. */
export interface TestPlugin {
  readonly plugin?: string;
  readonly generation?: number;
  readonly version?: string;
  readonly section?: Partial<WebSection>;
  /** The files of its folder, by path. Default: a module and a style sheet. */
  readonly files?: Readonly<Record<string, string>>;
  /** The content of peek-web.json. Default: one that fits; undefined: no file. */
  readonly built?: unknown;
}

/** A module text that is long enough to be compressed. */
export const moduleText = `export default {};\n${"// a comment that repeats itself\n".repeat(200)}`;

/** Writes a plugin with a built web module into a temporary folder. */
export function webPlugin(options: TestPlugin = {}): WebModule {
  const { plugin = "peek_plugin_pump", generation = 1, version = "1.0.0", section = {} } = options;
  const { files = { "assets/main.js": moduleText, "main.css": "p { color: red }" } } = options;
  const fitting = { format: 1, plugin, webApi: "1.0", module: "assets/main.js", styles: ["main.css"] };
  const built = "built" in options ? options.built : fitting;
  const rootDir = temporaryFolder();
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(rootDir, "web/dist", path)), { recursive: true });
    writeFileSync(join(rootDir, "web/dist", path), text);
  };
  for (const [path, text] of Object.entries(files)) write(path, text);
  if (built !== undefined) write("peek-web.json", typeof built === "string" ? built : JSON.stringify(built));
  const full: WebSection = { dir: "web/dist", routes: [{ path: "", title: "Pumps" }], ...section };
  return { plugin, generation, title: "Pump log", version, rootDir, section: full };
}
