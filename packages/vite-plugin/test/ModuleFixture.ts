import { peekWeb, type PeekWebOptions } from "@peek/vite-plugin";
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { build, createLogger } from "vite";

/** The plugin_package.json of a {@link ModuleFixture} without another. */
export const manifest = {
  plugin: { title: "Pump", packageName: "peek_plugin_pump" },
  requiresServices: ["field"],
  field: { web: { dir: "web/dist", routes: [{ path: "", title: "Pumps" }] } },
};

const entry = `
  import { definePluginWeb } from "@peek/web";
  export default definePluginWeb({ routes: { "": () => import("./Page.tsx") } });`;

const page = `
  import { useState } from "react";
  export default function Page() {
    const [count, setCount] = useState(0);
    return <button onClick={() => setCount(count + 1)}>{count}</button>;
  }`;

/** A plugin with a web module in a temporary folder. */
export class ModuleFixture implements AsyncDisposable {
  readonly dir: string;
  /** The output of the builds. */
  readonly lines: string[] = [];

  private constructor(dir: string) {
    this.dir = dir;
  }

  /** @param files Files in addition to, or instead of, those of a module that can be built, by their paths. */
  static async make(files: Readonly<Record<string, string>> = {}): Promise<ModuleFixture> {
    const fixture = new ModuleFixture(await realpath(await mkdtemp(join(tmpdir(), "peek-module-"))));
    const all = {
      "plugin_package.json": JSON.stringify(manifest),
      "package.json": JSON.stringify({ name: "peek-plugin-pump", version: "1.0.0", type: "module" }),
      "web/src/index.ts": entry,
      "web/src/Page.tsx": page,
      ...files,
    };
    for (const [path, content] of Object.entries(all)) await fixture.save(path, content);
    return fixture;
  }

  async save(path: string, content: string): Promise<void> {
    const file = join(this.dir, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
  }

  /** Builds the module like `vite build`. */
  async build(options?: PeekWebOptions): Promise<void> {
    const keep = (line: string): void => void this.lines.push(line);
    const customLogger = { ...createLogger(), info: keep, warn: keep, warnOnce: keep, error: keep };
    await build({ root: this.dir, configFile: false, logLevel: "warn", customLogger, plugins: [peekWeb(options)] });
  }

  /** The files of the built module. */
  async built(dir = "web/dist"): Promise<readonly string[]> {
    const found = await readdir(join(this.dir, dir), { recursive: true, withFileTypes: true });
    return found
      .filter((each) => each.isFile())
      .map((each) => join(each.parentPath, each.name).slice(this.dir.length + dir.length + 2))
      .sort();
  }

  /** The content of the built files whose names match, one after the other. */
  async content(name: RegExp, dir = "web/dist"): Promise<string> {
    const files = (await this.built(dir)).filter((file) => name.test(file));
    return (await Promise.all(files.map((file) => readFile(join(this.dir, dir, file), "utf8")))).join("\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.dir, { recursive: true });
  }
}
