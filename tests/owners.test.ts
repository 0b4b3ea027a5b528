import { chown, lchown, lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { peek } from "./src/peekCommand.ts";
import { processesOn } from "./src/processesOn.ts";
import { storagePlugin } from "./src/storagePlugin.ts";
import { TestHome } from "./src/TestHome.ts";

const account = 12_345;
const counter = storagePlugin({
  name: "peek_plugin_counter",
  migrations: ["CREATE TABLE starts (at timestamptz NOT NULL DEFAULT now())"],
  body: `async start() { await this.platform.storage.db.insertInto("starts").defaultValues().execute(); }`,
});

/** The owner and mode of each file in a folder, by name. */
async function ownersIn(dir: string): Promise<ReadonlyMap<string, string>> {
  const names = [".", ...(await readdir(dir, { recursive: true }))];
  const entries = names.map(async (name) => {
    const { uid, mode } = await lstat(join(dir, name));
    return [name, `${uid} ${(mode & 0o777).toString(8)}`] as const;
  });
  return new Map(await Promise.all(entries));
}

async function giveAll(dir: string): Promise<void> {
  await chown(dir, account, account);
  for (const name of await readdir(dir, { recursive: true })) await lchown(join(dir, name), account, account);
}

/** The files that are not the account's, or whose owner or mode has changed. */
function changed(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): readonly string[] {
  return [...after]
    .filter(([name, state]) => !state.startsWith(`${account} `) || (before.get(name) ?? state) !== state)
    .map(([name, state]) => `${name}: ${state}`);
}

describe.runIf(process.getuid?.() === 0)("root on another account's home", () => {
  it("leaves all files to that account with every command", async () => {
    await using home = await TestHome.with({}, [counter]);
    await giveAll(home.base);
    await using first = home.run({ uid: account });
    await first.waitFor(/:Ready in .*1 plugin started/);
    expect(await first.stop()).toEqual({ code: 0, signal: null });
    const before = await ownersIn(home.dir);

    const status = await peek(home.base, "storage", "status");
    expect(status).toMatchObject({ code: 0, stdout: expect.stringContaining("is stopped, since logic does not run") });
    expect(await ownersIn(home.dir)).toEqual(before);
    expect(await processesOn(home.dir)).toEqual([]);

    for (const command of [
      ["storage", "migrate", "--dry-run"],
      ["storage", "migrate"],
      ["action", "list"],
      ["tasks", "list"],
      ["config", "set", "logic", "logging.level", "DEBUG"],
      ["token", "create", "field"],
      ["config", "check"],
      ["status"],
    ]) {
      const { code } = await peek(home.base, ...command);
      expect({ command, changed: changed(before, await ownersIn(home.base)) }).toEqual({ command, changed: [] });
      expect([0, 69]).toContain(code);
    }

    await using byRoot = home.run();
    await byRoot.waitFor(/:Ready in .*1 plugin started/);
    expect(byRoot.stderr).toContain(
      `continuing as account ${account} instead of root, since that account owns ${home.dir}`,
    );
    expect(changed(before, await ownersIn(home.base))).toEqual([]);
    expect(await byRoot.stop()).toEqual({ code: 0, signal: null });
    expect(changed(before, await ownersIn(home.base))).toEqual([]);

    await using again = home.run({ uid: account });
    await again.waitFor(/:Ready in .*1 plugin started/);
    expect(await again.stop()).toEqual({ code: 0, signal: null });
  });
});
