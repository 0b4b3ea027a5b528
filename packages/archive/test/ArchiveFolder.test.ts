import { readdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ArchiveFolder } from "../src/index.ts";
import { temporaryFolder } from "./temporaryFolder.ts";

const pump = "peek_plugin_pump";

it("logic keeps the archives in use and the last two others, and removes drafts", () => {
  const dir = temporaryFolder();
  const folder = new ArchiveFolder(dir);
  for (const [index, version] of ["1.0.0", "1.1.0", "1.2.0", "1.3.0", "1.4.0"].entries()) {
    const draft = folder.draft();
    writeFileSync(draft, version);
    const { archive, wasKept } = folder.keep(draft, { plugin: pump, version, hash: "0123456789abcdef" });
    expect({ wasKept, name: archive.name, bytes: archive.bytes }).toEqual({
      wasKept: false,
      name: `${version}-0123456789ab`,
      bytes: 5,
    });
    utimesSync(archive.file, index, index);
  }
  writeFileSync(folder.draft(), "half an archive");
  folder.removeDrafts();
  expect(readdirSync(join(dir, "archives"))).toEqual(["peek-plugin-pump"]);
  folder.prune(pump, new Set(["1.0.0-0123456789ab"]));
  expect(folder.of(pump).map(({ version }) => version)).toEqual(["1.4.0", "1.3.0", "1.0.0"]);
  expect(folder.find(pump, "1.1.0-0123456789ab")).toBeUndefined();
  const again = folder.draft();
  writeFileSync(again, "1.3.0");
  expect(folder.keep(again, { plugin: pump, version: "1.3.0", hash: "0123456789abcdef" }).wasKept).toBe(true);
  folder.removeAll(pump);
  expect(readdirSync(join(dir, "archives"))).toEqual([]);
});
