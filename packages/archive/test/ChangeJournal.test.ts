import { spawnSync } from "node:child_process";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { ChangeJournal, VersionStore } from "../src/index.ts";
import { filesIn } from "./filesIn.ts";
import { temporaryFolder } from "./temporaryFolder.ts";

const change = { plugin: "peek_plugin_pump", from: "1.0.0-0123456789ab", to: "1.1.0-ba9876543210" };

describe("the journal of changes", () => {
  it("has each change with its step until it has ended", () => {
    const software = temporaryFolder();
    using store = VersionStore.open(software);
    const { journal } = store;
    expect(journal.read()).toEqual({ entries: [], damaged: [] });
    const begun = journal.begin(change);
    const other = journal.begin({ plugin: "peek_plugin_valve", to: change.to });
    journal.update(begun, { step: "committed", tries: 1 });
    const { entries } = new ChangeJournal(software).read();
    expect(entries.find(({ plugin }) => plugin === change.plugin)).toEqual({
      ...{ ...change, format: 1, id: begun.id, at: begun.at },
      ...{ step: "committed", tries: 1 },
    });
    expect(entries.find(({ plugin }) => plugin === "peek_plugin_valve")).toEqual(other);
    journal.end(other);
    journal.supersede(change.plugin);
    expect(readdirSync(join(software, "journal"))).toEqual([]);
  });

  it("names the files that are no entries, also one under the name of another change", () => {
    const software = temporaryFolder();
    const journal = new ChangeJournal(software);
    const entry = journal.begin(change);
    const files = {
      "empty.json": "",
      "other.json": JSON.stringify(entry),
      "outside.json": JSON.stringify({ ...entry, to: "../../etc" }),
    };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(software, "journal", name), text);
    const { entries, damaged } = journal.read();
    expect(entries).toEqual([entry]);
    expect(damaged.map(({ file }) => file).sort()).toEqual(
      Object.keys(files).map((name) => join(software, "journal", name)),
    );
    expect(damaged.find(({ file }) => file.endsWith("other.json"))?.problem).toContain(entry.id);
  });

  it("is unchanged when the disk is full", () => {
    const software = temporaryFolder();
    const index = new URL("../src/index.ts", import.meta.url).href;
    const entry = new ChangeJournal(software).begin(change);
    const before = filesIn(software);
    const script = `import { ChangeJournal } from ${JSON.stringify(index)};
      const journal = new ChangeJournal(process.argv[1]);
      const entry = ${JSON.stringify(entry)};
      for (const write of [() => journal.begin(entry), () => journal.update(entry, { step: "committed" })]) {
        try { write(); } catch (error) { console.log(error.code, error.message); }
      }`;
    const node = [process.execPath, "--conditions=@peek/source", "--input-type=module", "-e", script, software];
    // A file above the limit fails to be written as on a full disk.
    const { stdout } = spawnSync("prlimit", ["--fsize=64", ...node], {
      encoding: "utf8",
      cwd: fileURLToPath(new URL("..", import.meta.url)),
    });
    expect(stdout).toMatch(/^(?:PLUGIN_SOFTWARE_FULL .*the disk is full.*Nothing has been changed.*\n){2}$/);
    expect(filesIn(software)).toEqual(before);
  });
});
