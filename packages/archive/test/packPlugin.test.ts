import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { contractHashes, packPlugin, readArchive, VersionStore } from "../src/index.ts";
import { builtPlugin, writeFiles } from "./builtPlugin.ts";
import { filesIn } from "./filesIn.ts";
import { temporaryFolder } from "./temporaryFolder.ts";

const expected = { pluginBase: "0.1.0" };

const index = { "dist/index.js": "export {};\n" };

async function packed(files: Record<string, string | Uint8Array> = index, json: object = {}): Promise<string> {
  const { dir, manifest } = builtPlugin(files, json);
  return (await packPlugin(dir, { manifest, out: temporaryFolder() })).file;
}

async function unpacked(file: string): Promise<Readonly<Record<string, string>>> {
  using store = VersionStore.open(temporaryFolder());
  return filesIn((await store.unpack(file, { expected })).dir);
}

describe("packing", () => {
  it("packs the files that npm would, without scripts, development dependencies and sources", async () => {
    const files = {
      ...index,
      "dist/.tsbuildinfo": "x",
      "dist/deep/a.js": "a",
      "src/index.ts": "x",
      "test/x.test.ts": "x",
      "README.md": "# Pump",
      LICENSE: "MIT",
      "web/dist/index.html": "<p>",
      "web/src/x.ts": "x",
    };
    const json = {
      files: ["dist", "plugin_package.json", "web/dist/", "!dist/.tsbuildinfo"],
      scripts: { postinstall: "exit 1" },
      devDependencies: { vite: "catalog:" },
    };
    const content = await unpacked(await packed(files, json));
    expect(Object.keys(content).sort()).toEqual([
      ...["LICENSE", "README.md", "dist/deep/a.js", "dist/index.js", "package.json"],
      ...["peek-archive.json", "plugin_package.json", "web/dist/index.html"],
    ]);
    expect(JSON.parse(content["package.json"] ?? "")).toEqual({
      ...{ name: "peek-plugin-pump", version: "1.0.0", type: "module", files: json.files },
      exports: { ".": { default: "./dist/index.js" } },
      dependencies: { "@peek/plugin-base": "^0.1.0" },
    });
  });

  it("makes the same archive of the same files, byte for byte", async () => {
    expect(readFileSync(await packed())).toEqual(readFileSync(await packed()));
  });

  it("makes an archive from which any files are unpacked as they were", async () => {
    const name = fc.stringMatching(/^[A-Za-z0-9_\-. äß漢]{1,120}$/u).filter((text) => !/^\.{1,2}$/.test(text));
    const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join("/"));
    const tree = fc.uniqueArray(fc.tuple(path, fc.uint8Array({ maxLength: 3000 })), {
      maxLength: 8,
      // No name inside another one, and none that differs only in case.
      selector: ([path]) => path.split("/")[0]?.normalize("NFC").toUpperCase(),
    });
    await fc.assert(
      fc.asyncProperty(tree, async (entries) => {
        const files = Object.fromEntries(entries.map(([path, bytes]) => [`dist/tree/${path}`, bytes]));
        const content = await unpacked(await packed({ ...index, ...files }));
        const tops = Object.entries(content).filter(([path]) => path.startsWith("dist/tree/"));
        const wanted = Object.entries(files).map(([path, bytes]) => [path, Buffer.from(bytes).toString("latin1")]);
        expect(Object.fromEntries(tops)).toEqual(Object.fromEntries(wanted));
      }),
      { numRuns: 12 },
    );
  });

  it("brings the dependencies along that services do not share, each where its dependent finds it", async () => {
    const { dir, manifest } = builtPlugin(index, {
      dependencies: { "@peek/plugin-base": "workspace:*", zod: "^4", one: "^1", two: "^2" },
    });
    const install = (at: string, name: string, version: string, dependencies = {}): void =>
      writeFiles(join(dir, at), {
        "package.json": JSON.stringify({ name, version, dependencies }),
        "index.js": `export default "${name} ${version}";`,
      });
    const zod = JSON.parse(
      readFileSync(join(dir, "node_modules/@peek/plugin-base/node_modules/zod/package.json"), "utf8"),
    );
    install("node_modules/zod", "zod", zod.version);
    install("node_modules/one", "one", "1.0.0", { two: "^1" });
    install("node_modules/one/node_modules/two", "two", "1.0.0");
    install("node_modules/two", "two", "2.0.0");
    const { file } = await packPlugin(dir, { manifest, out: temporaryFolder() });
    const content = await unpacked(file);
    expect(Object.keys(content).filter((path) => path.endsWith("index.js"))).toEqual(
      expect.arrayContaining([
        "node_modules/one/index.js",
        "node_modules/one/node_modules/two/index.js",
        "node_modules/two/index.js",
      ]),
    );
    expect(content["node_modules/two/index.js"]).toContain("two 2.0.0");
    expect(Object.keys(content).some((path) => path.startsWith("node_modules/zod"))).toBe(false);
    expect(JSON.parse(content["package.json"] ?? "")).toMatchObject({ bundleDependencies: ["one", "two"] });

    install("node_modules/zod", "zod", "3.0.0");
    const other = await packPlugin(dir, { manifest, out: temporaryFolder() });
    expect(Object.keys(await unpacked(other.file))).toContain("node_modules/zod/index.js");
  });

  it("refuses links, missing dependencies, and a package without files", async () => {
    const { dir, manifest } = builtPlugin(index);
    const pack = () => packPlugin(dir, { manifest, out: temporaryFolder() });
    symlinkSync("/etc/passwd", join(dir, "dist", "link"));
    await expect(pack()).rejects.toMatchObject({
      code: "PLUGIN_NOT_PACKABLE",
      message: expect.stringContaining("contains dist/link, which is no plain file"),
    });
    await expect(packed(index, { files: undefined })).rejects.toMatchObject({
      message: expect.stringContaining('has no "files" in package.json'),
    });
    await expect(packed(index, { dependencies: { "@peek/plugin-base": "*", gone: "1" } })).rejects.toMatchObject({
      message: expect.stringContaining("depends on gone, which is not installed"),
    });
    await expect(packed(index, { name: "peek-plugin-x" })).rejects.toMatchObject({ code: "PLUGIN_NOT_PACKABLE" });
    const out = temporaryFolder();
    mkdirSync(join(out, "taken"));
    writeFileSync(join(out, "file"), "");
    const sound = builtPlugin(index);
    await expect(
      packPlugin(sound.dir, { manifest: sound.manifest, out: join(out, "file", "x") }),
    ).rejects.toMatchObject({
      code: "PLUGIN_NOT_PACKABLE",
    });
  });

  it("names contracts whose hashes change with their structure, and not with their code", async () => {
    const contracts = (fields: string): Record<string, string> => ({
      ...index,
      "dist/contracts/Pump.js": `import { defineAction, defineRpc, defineTuple } from "@peek/plugin-base/contracts";
import { z } from "zod";
export const PumpTuple = defineTuple("peek_plugin_pump.Pump", { ${fields} }, { key: "id" });
export const Switch = defineAction("peek_plugin_pump.Switch", { id: z.int() });
export const Other = defineAction("peek_plugin_other.Switch", { id: z.int() });
export const Rpc = defineRpc("peek_plugin_pump.Rpc", { read: { input: z.int(), output: PumpTuple.schema } });`,
    });
    const hashesOf = async (fields: string) => {
      const { dir } = builtPlugin(contracts(fields));
      symlinkSync(join(dir, "node_modules/@peek/plugin-base/node_modules/zod"), join(dir, "node_modules/zod"));
      const hashes = await contractHashes(dir, "peek_plugin_pump");
      return Object.fromEntries(hashes.map(({ kind, name, sha256 }) => [`${kind} ${name}`, sha256]));
    };
    const before = await hashesOf("id: z.int(), speed: z.number()");
    expect(Object.keys(before).sort()).toEqual([
      ...["action peek_plugin_pump.Switch", "rpc peek_plugin_pump.Rpc", "tuple peek_plugin_pump.Pump"],
    ]);
    expect(await hashesOf("speed: z.number(), id: z.int()")).toEqual(before);
    const after = await hashesOf("id: z.int(), speed: z.string()");
    expect(after["action peek_plugin_pump.Switch"]).toBe(before["action peek_plugin_pump.Switch"]);
    expect(after["tuple peek_plugin_pump.Pump"]).not.toBe(before["tuple peek_plugin_pump.Pump"]);
    expect(after["rpc peek_plugin_pump.Rpc"]).not.toBe(before["rpc peek_plugin_pump.Rpc"]);
  });
});

describe("a damaged archive", () => {
  it("is refused with a code, or read as it was, wherever it is cut or a bit is flipped", async () => {
    const content = { ...index, "dist/data.bin": new Uint8Array(5000).map((_, at) => (at * at) % 251) };
    const sound = readFileSync(await packed(content));
    const before = await readArchive(await packed(content));
    const file = join(temporaryFolder(), "damaged.tgz");
    const software = temporaryFolder();
    using store = VersionStore.open(software);
    const check = async (bytes: Uint8Array): Promise<void> => {
      writeFileSync(file, bytes);
      const result: unknown = await store.unpack(file, { expected }).catch((error: unknown) => error);
      if (result instanceof Error) {
        expect(result).toMatchObject({ code: expect.stringMatching(/^ARCHIVE_(?:INVALID|TOO_LARGE)$/) });
        expect(filesIn(software)).toEqual({ ".lock": expect.any(String) });
      } else {
        expect(result).toMatchObject({ archive: { hash: before.hash } });
        store.removeAll("peek-plugin-pump");
      }
    };
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: sound.length - 1 }),
        fc.integer({ min: 0, max: 8 }),
        async (at, bit) => {
          if (bit === 8) return check(sound.subarray(0, at));
          const flipped = Buffer.from(sound);
          flipped[at] = (flipped[at] ?? 0) ^ (1 << bit);
          return check(flipped);
        },
      ),
      { numRuns: 120 },
    );
  });
});
