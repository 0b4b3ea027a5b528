import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { FolderSource, NodeModulesSource, type PluginSource, resolvePlugin, WorkspaceSource } from "@peek/loader";
import { caught } from "./caught.ts";
import { writePlugin } from "./pluginFolders.ts";
import { temporaryFolder } from "./temporaryFolder.ts";

const name = "peek_plugin_a";
const packageName = "peek-plugin-a";

describe("a workspace", () => {
  it("has the packages of its plugins folder by the names in their package.json", () => {
    const base = temporaryFolder();
    const dir = writePlugin(join(base, "plugins"), name, { packageJson: { name: "peek-plugin-other" } });
    mkdirSync(join(base, "plugins", "no-package"));
    writeFileSync(join(base, "plugins", "README.md"), "");
    mkdirSync(join(base, "plugins", "being-edited"));
    writeFileSync(join(base, "plugins", "being-edited", "package.json"), "{");
    const source = new WorkspaceSource(base);
    expect(source.find("peek-plugin-other")).toBe(dir);
    expect(source.find(packageName)).toBeUndefined();
    expect(source.packageNames()).toEqual(["peek-plugin-other"]);
    expect(source.title).toContain(join(base, "plugins"));
  });

  it("without a plugins folder has none", () => {
    expect(new WorkspaceSource(temporaryFolder()).find(packageName)).toBeUndefined();
  });
});

describe("node_modules", () => {
  it("are those of the folder and of the folders above, the nearest first", () => {
    const base = temporaryFolder();
    const far = writePlugin(join(base, "node_modules"), name);
    const other = writePlugin(join(base, "node_modules"), "peek_plugin_b");
    const near = writePlugin(join(base, "a", "node_modules"), name);
    const source = new NodeModulesSource("the service's own", join(base, "a"));
    expect(source.find(packageName)).toBe(near);
    expect(source.find("peek-plugin-b")).toBe(other);
    expect(new NodeModulesSource("the service's own", base).find(packageName)).toBe(far);
    expect(source.title).toBe(`the service's own (${join(base, "a", "node_modules")})`);
  });

  it("are those of the folder alone where it is asked for", () => {
    const base = temporaryFolder();
    writePlugin(join(base, "node_modules"), name);
    mkdirSync(join(base, "a"));
    expect(new NodeModulesSource("installed", join(base, "a"), { upwards: false }).find(packageName)).toBeUndefined();
  });

  it("are followed to where a link leads", () => {
    const base = temporaryFolder();
    const dir = writePlugin(join(base, "elsewhere"), name);
    mkdirSync(join(base, "node_modules"));
    symlinkSync(dir, join(base, "node_modules", packageName));
    expect(new NodeModulesSource("installed", base).find(packageName)).toBe(dir);
  });

  it("name the plugins in them, each once, and no other package", () => {
    const base = temporaryFolder();
    for (const each of [name, "peek_core_user"]) writePlugin(join(base, "node_modules"), each);
    writePlugin(join(base, "a", "node_modules"), name);
    mkdirSync(join(base, "node_modules", "lodash"));
    expect(new NodeModulesSource("installed", join(base, "a")).packageNames()).toEqual(["peek-core-user", packageName]);
    expect(new NodeModulesSource("installed", temporaryFolder(), { upwards: false }).packageNames()).toEqual([]);
  });

  it("have plugins only where there is a package.json", () => {
    const base = temporaryFolder();
    mkdirSync(join(base, "node_modules", packageName), { recursive: true });
    expect(new NodeModulesSource("installed", base).find(packageName)).toBeUndefined();
  });
});

it("named folders have the packages that are in them", () => {
  const base = temporaryFolder();
  const dir = writePlugin(base, name);
  const source = new FolderSource([dir, base]);
  expect(source.find(packageName)).toBe(dir);
  expect(source.find("peek-plugin-b")).toBeUndefined();
  expect(source.packageNames()).toEqual([packageName]);
});

describe("resolvePlugin", () => {
  function sources(count: number): readonly { readonly dir: string; readonly source: PluginSource }[] {
    const base = temporaryFolder();
    return Array.from({ length: count }, (_, index) => {
      const dir = writePlugin(join(base, `${index}`), name);
      return {
        dir,
        source: {
          title: `source ${index}`,
          find: (each) => (each === packageName ? dir : undefined),
          packageNames: () => [packageName],
        },
      };
    });
  }

  it("takes the first source that has the package, and names those that it shadows", () => {
    const given = sources(3);
    const nowhere: PluginSource = { title: "nowhere", find: () => undefined, packageNames: () => [] };
    const resolved = resolvePlugin(name, [nowhere, ...given.map((each) => each.source)]);
    expect(resolved).toMatchObject({
      rootDir: given[0]?.dir,
      source: "source 0",
      shadowed: ["source 1", "source 2"],
      unknownKeys: [],
    });
    expect(resolved.manifest.plugin.packageName).toBe(name);
  });

  it("does not take the same folder in two sources for two packages", () => {
    const [given] = sources(1);
    if (given === undefined) throw new Error("One was asked for");
    expect(resolvePlugin(name, [given.source, given.source]).shadowed).toEqual([]);
  });

  it("says where it has looked", () => {
    const empty = (title: string): PluginSource => ({ title, find: () => undefined, packageNames: () => [] });
    const error = caught(() => resolvePlugin(name, [empty("here"), empty("there")]));
    expect(error).toMatchObject({ code: "PLUGIN_NOT_FOUND", exitCode: 78, fields: { plugin: name, packageName } });
    expect(error.message).toContain("peek_plugin_a has no package peek-plugin-a in here, nor in there.");
  });

  it("asks no source for what is no plugin's name", () => {
    const source: PluginSource = {
      title: "any",
      find: () => {
        throw new Error("It was asked");
      },
      packageNames: () => [],
    };
    expect(caught(() => resolvePlugin("../../etc", [source])).code).toBe("PLUGIN_NAME_INVALID");
  });
});
