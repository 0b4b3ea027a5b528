import { mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { writeFileAtomic } from "../src/writeFileAtomic.ts";
import { temporaryFolder } from "./temporaryFolder.ts";

describe("writeFileAtomic", () => {
  it("replaces what a file holds", () => {
    const file = join(temporaryFolder(), "file");
    writeFileSync(file, "old and longer");
    writeFileAtomic(file, "new");
    expect(readFileSync(file, "utf8")).toBe("new");
  });

  it("leaves no draft behind when it cannot", () => {
    const dir = temporaryFolder();
    mkdirSync(join(dir, "file"));
    expect(() => writeFileAtomic(join(dir, "file"), "new")).toThrow("EISDIR");
    expect(readdirSync(dir)).toEqual(["file"]);
  });

  it.each([
    ["is there", true],
    ["is not there yet", false],
  ])("follows a link in a linked folder to a file that %s", (_what, isThere) => {
    const dir = temporaryFolder();
    mkdirSync(join(dir, "deep", "home"), { recursive: true });
    symlinkSync("deep/home", join(dir, "home"));
    symlinkSync("../target", join(dir, "deep/home/file"));
    if (isThere) writeFileSync(join(dir, "deep/target"), "old");
    writeFileAtomic(join(dir, "home", "file"), "new");
    expect(readFileSync(join(dir, "deep/target"), "utf8")).toBe("new");
    expect(readlinkSync(join(dir, "home", "file"))).toBe("../target");
  });
});
