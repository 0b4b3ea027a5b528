import { existsSync, readdirSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { packTar, type TarEntry } from "modern-tar";
import { describe, expect, it } from "vitest";
import { defaultArchiveLimits, readArchive, type UnpackOptions, VersionStore } from "../src/index.ts";
import { crafted, entriesOf, entry, pluginFiles, written } from "./crafted.ts";
import { temporaryFolder } from "./temporaryFolder.ts";

const expected = { pluginBase: "0.1.0" };
const limits = { ...defaultArchiveLimits, maxUnpackedBytes: 64 * 1024 * 1024, maxFiles: 20, maxPath: 60 };

/** Unpacks an archive into a new folder, and expects a refusal that leaves nothing there. @returns The refusal. */
async function refusalOf(file: string, options: Partial<UnpackOptions> = {}): Promise<unknown> {
  const software = join(temporaryFolder(), "plugin-software");
  using store = VersionStore.open(software);
  const refusal: unknown = await store.unpack(file, { expected, limits, ...options }).then(
    () => "unpacked",
    (error: unknown) => error,
  );
  expect(existsSync(join(software, "versions"))).toBe(false);
  expect(readdirSync(software)).toEqual([".lock"]);
  return refusal;
}

const withEntries = (...more: TarEntry[]): TarEntry[] => [...entriesOf(), ...more];
const changed = (path: string, content: string): TarEntry[] =>
  entriesOf().map((each) => (each.header.name === `package/${path}` ? entry(path, content) : each));
const plugin = (json: object): typeof pluginFiles => ({ ...pluginFiles, "plugin_package.json": JSON.stringify(json) });
const bothNamed = { title: "Pump", packageName: "peek_plugin_pump" };

describe("an archive is refused", () => {
  it.each<[string, TarEntry[], string]>([
    ["a path that leads out", withEntries(entry("../../etc/passwd", "x")), "leads to another folder by .."],
    [
      "a path that leads out behind the package",
      withEntries(entry("a/../../../b", "x")),
      "leads to another folder by ..",
    ],
    ["an absolute path", withEntries(entry("", "x", { name: "/etc/passwd" })), "is absolute"],
    ["a drive", withEntries(entry("", "x", { name: "C:/Windows/x" })), "begins with the letter of a drive"],
    ["a backslash", withEntries(entry("..\\x", "x")), "has a backslash"],
    ["a dot", withEntries(entry("./x", "x")), "leads to another folder by ."],
    ["an empty name", withEntries(entry("a//x", "x")), "has an empty name"],
    ["a line feed in a name", withEntries(entry("a\nb", "x")), "cannot be shown"],
    ["a path without package/", withEntries(entry("", "x", { name: "other/x" })), "does not begin with package/"],
    ["a long name", withEntries(entry("a".repeat(256), "x")), "is longer than 60 characters"],
    [
      "a symbolic link",
      withEntries(entry("l", "", { type: "symlink", linkname: "/etc/passwd" })),
      "is a symbolic link",
    ],
    ["a hard link", withEntries(entry("l", "", { type: "link", linkname: "package/index.js" })), "is a hard link"],
    ["a device", withEntries(entry("d", "", { type: "character-device" })), "is a device"],
    ["a named pipe", withEntries(entry("p", "", { type: "fifo" })), "is a named pipe"],
    ["a folder", withEntries(entry("f/", "", { type: "directory" })), "is a folder"],
    ["a file twice", withEntries(entry("index.js", "x")), 'contains "index.js" twice'],
    ["names that differ by case", withEntries(entry("INDEX.js", "x")), "are one file where case makes no difference"],
    ["a file where a folder is", withEntries(entry("Index.js/x", "x")), "are one file where case makes no difference"],
    [
      "a file that is not listed",
      withEntries(entry("extra.js", "x")),
      'contains "extra.js", which peek-archive.json does not list',
    ],
    ["a missing file", entriesOf().slice(0, -1), 'lacks "index.js"'],
    ["a wrong size", changed("index.js", "export { };\n"), 'has 12 bytes of "index.js"; peek-archive.json says 11'],
    ["a wrong hash", changed("index.js", "export {} ;"), 'has other content in "index.js"'],
    ["no list", entriesOf().slice(1), "does not begin with peek-archive.json"],
    ["a list that is not JSON", [entry("peek-archive.json", "{")], "has a peek-archive.json that is not JSON"],
    [
      "a list that is not UTF-8",
      [entry("peek-archive.json", Buffer.from([0x7b, 0xff]))],
      "is not JSON: it is not UTF-8",
    ],
    ["a newer format", entriesOf(pluginFiles, { format: 2 }), "expected 1"],
    ["an invalid version", entriesOf(pluginFiles, { version: "../1" }), "version: is"],
    ["no range of plugin-base", entriesOf(pluginFiles, { pluginBase: "what" }), "names no range of versions"],
    [
      "another version in package.json",
      entriesOf(pluginFiles, { version: "1.0.1" }),
      "the version 1.0.1 and the version 1.0.0",
    ],
    ["no part that the manifest requires", entriesOf(pluginFiles, { services: [] }), "has no part for logic"],
    [
      "an invalid manifest",
      entriesOf(plugin({ plugin: bothNamed, requiresServices: [] })),
      "has an invalid plugin_package.json",
    ],
    [
      "the manifest of another plugin",
      entriesOf(plugin({ plugin: { ...bothNamed, packageName: "peek_plugin_x" }, requiresServices: ["logic"] })),
      "is of peek_plugin_pump, and plugin_package.json of peek_plugin_x",
    ],
    ["no manifest", entriesOf({ "package.json": pluginFiles["package.json"] ?? "" }), "has no plugin_package.json"],
  ])("for %s", async (_, entries, message) => {
    expect(await refusalOf(await crafted(entries))).toMatchObject({
      code: "ARCHIVE_INVALID",
      message: expect.stringContaining(message),
    });
  });

  it("for a name that no file system has", async () => {
    const file = await crafted(withEntries(entry("a".repeat(256), "x")));
    const options = { limits: { ...limits, maxPath: 400 } };
    expect(await refusalOf(file, options)).toMatchObject({ message: expect.stringContaining("more than 255 bytes") });
  });

  it.each([
    ["empty", new Uint8Array()],
    ["no gzip", Buffer.from("plain text")],
    ["no tar", gzipSync("plain text")],
    ["an empty tar", gzipSync(new Uint8Array(1024))],
  ])("for a file that is %s", async (_, bytes) => {
    expect(await refusalOf(written(bytes))).toMatchObject({ code: "ARCHIVE_INVALID" });
  });

  it("for more files than the limit", async () => {
    const many = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`f${index}`, "x"]));
    const file = await crafted(entriesOf({ ...pluginFiles, ...many }));
    expect(await refusalOf(file)).toMatchObject({
      code: "ARCHIVE_TOO_LARGE",
      message: expect.stringContaining("20 files"),
    });
  });

  it("for a file above the limit, which is not read", async () => {
    const file = written(new Uint8Array());
    truncateSync(file, defaultArchiveLimits.maxBytes + 1);
    expect(await refusalOf(file)).toMatchObject({
      code: "ARCHIVE_TOO_LARGE",
      message: `${file} has 268435457 bytes; the limit is 268435456. Ship large data separately.`,
    });
  });

  it("for a zip bomb, at the limit of its compression", async () => {
    const zeros = new Uint8Array(24 * 1024 * 1024);
    const file = await crafted(entriesOf({ ...pluginFiles, zeros }));
    expect(await refusalOf(file)).toMatchObject({
      code: "ARCHIVE_TOO_LARGE",
      message: expect.stringContaining("more than 200 times its size"),
    });
  });

  it("for more unpacked bytes than the limit, however they are announced", async () => {
    const large = { limits: { ...limits, maxUnpackedBytes: 1024 * 1024, maxRatio: Infinity } };
    const file = await crafted(entriesOf({ ...pluginFiles, large: new Uint8Array(2 * 1024 * 1024) }));
    expect(await refusalOf(file, large)).toMatchObject({ code: "ARCHIVE_TOO_LARGE" });
    const trailing = await packTar(entriesOf());
    const padded = written(gzipSync(Buffer.concat([trailing, new Uint8Array(2 * 1024 * 1024)])));
    expect(await refusalOf(padded, large)).toMatchObject({ code: "ARCHIVE_TOO_LARGE" });
  });

  it("for a missing file, a folder and a pipe", async () => {
    const dir = temporaryFolder();
    for (const file of [join(dir, "missing.tgz"), dir, "/dev/null"]) {
      expect(await refusalOf(file)).toMatchObject({ code: "ARCHIVE_UNREADABLE" });
    }
  });

  it("for another plugin, another service and another plugin-base than expected", async () => {
    const file = await crafted(entriesOf());
    expect(await refusalOf(file, { expected: { ...expected, plugin: "peek_plugin_x" } })).toMatchObject({
      code: "ARCHIVE_MISMATCH",
      message: `${file} is an archive of peek_plugin_pump, not of peek_plugin_x.`,
    });
    expect(await refusalOf(file, { expected: { ...expected, services: ["agent"] } })).toMatchObject({
      code: "PLUGIN_NOT_FOR_SERVICE",
    });
    expect(await refusalOf(file, { expected: { pluginBase: "0.2.0" } })).toMatchObject({
      code: "ARCHIVE_INCOMPATIBLE",
      message: expect.stringContaining("built for @peek/plugin-base ^0.1.0, and this is 0.2.0"),
    });
  });
});

describe("a valid archive", () => {
  it("is read without its files being kept", async () => {
    const { manifest, plugin } = await readArchive(await crafted(entriesOf()), { expected });
    expect(manifest.files.map(({ path }) => path)).toEqual(Object.keys(pluginFiles));
    expect(plugin.requiresServices).toEqual(["logic"]);
  });
});
