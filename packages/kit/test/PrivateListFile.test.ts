import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { serviceHome } from "@peek/config";
import { PeekError } from "@peek/errors";
import { expect, test } from "vitest";
import { z } from "zod";
import { PrivateListFile } from "@peek/kit/private-list-file";
import { temporaryFolder } from "./temporaryFolder.ts";
import { caught } from "./until.ts";

const entry = z.object({ name: z.string().min(1).max(100) });
const first = z.object({ names: z.array(z.string()) }).transform(({ names }) => names.map((name) => ({ name })));
const current = z.object({ pumps: z.array(entry) }).transform(({ pumps }) => pumps);

function open(): PrivateListFile<z.infer<typeof entry>> {
  const home = serviceHome("logic", { PEEK_HOME: temporaryFolder() });
  return new PrivateListFile(home, join(home.dir, "pumps"), {
    name: "pumps.json",
    code: "USERS_UNUSABLE",
    schemaOf: (document) =>
      typeof document === "object" && document !== null && "names" in document ? first : current,
    documentOf: (pumps) => ({ pumps }),
    damage: "No pump runs",
    remedy: "Remove pumps",
  });
}

test("A private list file is empty before its first change, and only its owner can read it afterwards", () => {
  const file = open();
  expect(file.read()).toEqual([]);
  expect(file.edit((pumps) => [...pumps, { name: "north" }])).toEqual([{ name: "north" }]);
  expect(file.read()).toEqual([{ name: "north" }]);
  expect(statSync(file.path).mode & 0o777).toBe(0o600);
  expect(statSync(join(file.path, "..")).mode & 0o777).toBe(0o700);
});

test("An edit that returns the given array, or throws, leaves the file unchanged", () => {
  const file = open();
  file.edit(() => [{ name: "north" }]);
  const before = statSync(file.path, { bigint: true });
  expect(file.edit((pumps) => pumps)).toEqual([{ name: "north" }]);
  expect(() =>
    file.edit(() => {
      throw new PeekError("USER_UNKNOWN", "no");
    }),
  ).toThrow("no");
  expect(statSync(file.path, { bigint: true })).toMatchObject({ ino: before.ino, mtimeNs: before.mtimeNs });
});

test("A damaged file is an error that names the mistake, the consequence and the remedy, and stays as it is", async () => {
  const file = open();
  file.edit(() => [{ name: "north" }]);
  writeFileSync(file.path, '{ "pumps": [{ "name": 5 }] }');
  const error = await caught(() => file.edit(() => []));
  expect(error).toMatchObject({ code: "USERS_UNUSABLE", fields: { file: file.path } });
  expect(error.message).toMatch(
    /pumps\.json is damaged: .*name.*\. No pump runs until it is fixed, restored from a backup, or removed with all its entries\./,
  );
  expect(readFileSync(file.path, "utf8")).toBe('{ "pumps": [{ "name": 5 }] }');
});

test("A file of an older format is read, and replaced by the current format with the next change", () => {
  const file = open();
  file.edit(() => [{ name: "north" }]);
  writeFileSync(file.path, '{ "names": ["south"] }');
  expect(file.read()).toEqual([{ name: "south" }]);
  file.edit((pumps) => [...pumps, { name: "west" }]);
  expect(JSON.parse(readFileSync(file.path, "utf8"))).toEqual({ pumps: [{ name: "south" }, { name: "west" }] });
});

test("Entries that could not be read again, or are too large together, are not written", async () => {
  const file = open();
  file.edit(() => [{ name: "north" }]);
  expect((await caught(() => file.edit(() => [{ name: "" }]))).message).toContain("Failed to change ");
  const many = Array.from({ length: 20_000 }, () => ({ name: "x".repeat(50) }));
  expect((await caught(() => file.edit(() => many))).message).toContain("larger than 1048576 bytes. Remove pumps");
  expect(file.read()).toEqual([{ name: "north" }]);
});
