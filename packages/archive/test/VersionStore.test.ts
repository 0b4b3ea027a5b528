import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readlinkSync, realpathSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { packTar } from "modern-tar";
import { describe, expect, it } from "vitest";
import { currentVersion, installedVersions, readArchive, VersionStore } from "../src/index.ts";
import { crafted, entriesOf, pluginFiles, written } from "./crafted.ts";
import { filesIn } from "./filesIn.ts";
import { temporaryFolder } from "./temporaryFolder.ts";

const expected = { pluginBase: "0.1.0" };
const name = "peek-plugin-pump";

function archiveOf(version: string, index = "export {};\n"): Promise<string> {
  const json = JSON.stringify({ name, version, type: "module", exports: "./index.js" });
  return crafted(entriesOf({ ...pluginFiles, "package.json": json, "index.js": index }, { version }));
}

describe("the versions of a plugin", () => {
  it("are unpacked beside each other, and one is current from its activation", async () => {
    const software = temporaryFolder();
    using store = VersionStore.open(software);
    const one = await store.unpack(await archiveOf("1.0.0"), { expected });
    expect(store.current(name)).toBeUndefined();
    store.activate(name, one);
    const two = await store.unpack(await archiveOf("1.1.0-rc.1"), { expected });
    expect(store.current(name)).toMatchObject({ version: "1.0.0", dir: one.dir });
    store.activate(name, two);
    expect(realpathSync(join(software, "current", name))).toBe(two.dir);
    // Relative, so that the home can be moved.
    expect(readlinkSync(join(software, "current", name))).toMatch(
      /^\.\.\/versions\/peek-plugin-pump\/1\.1\.0-rc\.1-[0-9a-f]{12}$/,
    );
    expect(
      installedVersions(software, name)
        .map(({ version }) => version)
        .sort(),
    ).toEqual(["1.0.0", "1.1.0-rc.1"]);
    expect(currentVersion(software, name)).toMatchObject({ version: "1.1.0-rc.1" });
    expect(statSync(join(one.dir, "index.js")).mode & 0o777).toBe(0o400);
  });

  it("with other content are other versions, also under the same number", async () => {
    using store = VersionStore.open(temporaryFolder());
    const one = await store.unpack(await archiveOf("1.0.0"), { expected });
    const same = await store.unpack(await archiveOf("1.0.0"), { expected });
    const other = await store.unpack(await archiveOf("1.0.0", "export const x = 1;\n"), { expected });
    expect(same).toMatchObject({ dir: one.dir, wasInstalled: true });
    expect(other.dir).not.toBe(one.dir);
  });

  it("cannot go back without permission", async () => {
    using store = VersionStore.open(temporaryFolder());
    store.activate(name, await store.unpack(await archiveOf("1.10.0"), { expected }));
    const older = await archiveOf("1.9.0");
    await expect(store.unpack(older, { expected })).rejects.toMatchObject({
      code: "ARCHIVE_DOWNGRADE",
      message: expect.stringContaining(
        "has version 1.9.0 of peek_plugin_pump, which is older than the current one, 1.10.0",
      ),
    });
    expect(await store.unpack(older, { expected: { ...expected, allowDowngrade: true } })).toMatchObject({
      version: "1.9.0",
    });
  });

  it("are removed when they are old: the current one and the last two others stay", async () => {
    using store = VersionStore.open(temporaryFolder());
    store.activate(name, await store.unpack(await archiveOf("1.0.0"), { expected }));
    for (const minor of [1, 2, 3, 4]) await store.unpack(await archiveOf(`1.${minor}.0`), { expected });
    expect(store.prune(name).map(({ version }) => version)).toEqual(["1.2.0", "1.1.0"]);
    expect(store.versions(name).map(({ version }) => version)).toEqual(["1.4.0", "1.3.0", "1.0.0"]);
    expect(store.removeAll(name)).toHaveLength(3);
    expect(store.current(name)).toBeUndefined();
  });

  it("of an interrupted unpacking are removed at the next opening", async () => {
    const software = temporaryFolder();
    const leftover = join(software, "versions", name, ".unpacking-1");
    mkdirSync(leftover, { recursive: true });
    writeFileSync(join(leftover, "index.js"), "");
    using _store = VersionStore.open(software);
    expect(readdirSync(join(software, "versions", name))).toEqual([]);
  });

  it("are changed by one process at a time", () => {
    const software = temporaryFolder();
    using _store = VersionStore.open(software);
    expect(() => VersionStore.open(software)).toThrow(expect.objectContaining({ code: "PLUGIN_SOFTWARE_LOCKED" }));
  });

  it("leave nothing when the disk is full", async () => {
    const software = temporaryFolder();
    const index = new URL("../src/index.ts", import.meta.url).href;
    const file = await archiveOf("1.0.0", `// ${"x".repeat(100_000)}`);
    const script = `import { VersionStore } from ${JSON.stringify(index)};
      using store = VersionStore.open(process.argv[1]);
      await store.unpack(process.argv[2], { expected: ${JSON.stringify(expected)} }).catch((error) => console.log(error.code, error.message));`;
    const node = [process.execPath, "--conditions=@peek/source", "--input-type=module", "-e", script, software, file];
    // A file above the limit fails to be written as on a full disk.
    const { stdout } = spawnSync("prlimit", ["--fsize=65536", ...node], {
      encoding: "utf8",
      cwd: fileURLToPath(new URL("..", import.meta.url)),
    });
    expect(stdout).toMatch(/^PLUGIN_SOFTWARE_FULL .*the disk is full.*Nothing has been changed/);
    expect(filesIn(software)).toEqual({});
    expect(readdirSync(join(software, "versions"))).toEqual([]);
  });

  it("are read in pieces, however large a file is", async () => {
    const large = randomBytes(64 * 1024 * 1024);
    const entries = entriesOf({ ...pluginFiles, large });
    const file = written(gzipSync(await packTar(entries), { level: 0 }));
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    await readArchive(file, {
      onFile: async (_, body) => {
        for await (const _chunk of body) most = Math.max(most, process.memoryUsage().arrayBuffers - before);
      },
    });
    expect(most).toBeLessThan(32 * 1024 * 1024);
  });
});
