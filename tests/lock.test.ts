import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { RunningProcess } from "./src/RunningProcess.ts";
import { storagePlugin } from "./src/storagePlugin.ts";
import { TestHome } from "./src/TestHome.ts";
import { serviceCommand } from "./src/workspace.ts";

/** Options that isolate process ids as in a container, in both directions. */
const container = ["--pid", "--ipc", "--uts", "--mount-proc", "--fork", "--kill-child"];
const called = ["sh", "-c", 'hostname "$1"; shift; exec "$@"', "sh"];

/** Runs a home's service in a container. */
function runContained(home: TestHome, name: string, ...more: readonly string[]): RunningProcess {
  const args = [...container, ...more, ...called, name, serviceCommand(home.service)];
  return new RunningProcess("unshare", { args, env: { PEEK_HOME: home.base } });
}

const plain = { name: "peek_plugin_plain" };
const counter = storagePlugin({
  name: "peek_plugin_counter",
  migrations: ["CREATE TABLE starts (at timestamptz NOT NULL DEFAULT now())"],
  body: `async start() { await this.platform.storage.db.insertInto("starts").defaultValues().execute(); }`,
});

describe.runIf(process.getuid?.() === 0)("two containers on one home", () => {
  it.each([
    ["logic", counter],
    ["field", plain],
  ])(
    "the second %s exits and names the first container, and starts after the first was killed",
    async (service, plugin) => {
      await using home = await TestHome.with({}, [plugin], service);
      await using first = runContained(home, "peek-1");
      await first.waitFor(/:Ready in /);
      // PostgreSQL's own record of its server, which a second service must not touch.
      const said = service === "logic" ? "postgresql/data/postmaster.pid" : "config.json";
      const before = await readFile(join(home.dir, said));

      await using second = runContained(home, "peek-2", "--net");
      expect(await second.ended).toEqual({ code: 69, signal: null });
      expect(second.stderr).toMatch(/Process 1 of the machine or container peek-1 has been running on .* since /);
      await using outside = home.run();
      expect(await outside.ended).toEqual({ code: 69, signal: null });
      expect(await readFile(join(home.dir, said))).toEqual(before);

      first.kill("SIGKILL");
      await first.ended;
      await using third = runContained(home, "peek-2");
      await third.waitFor(/:Ready in /);
    },
  );
});

describe("two services on one home", () => {
  it("the second exits and names the first's process, and the first runs on", async () => {
    await using home = await TestHome.make();
    await using first = await home.start();
    await using second = home.run();
    expect(await second.ended).toEqual({ code: 69, signal: null });
    expect(second.stderr).toContain(`Process ${first.pid} has been running on ${home.dir} since`);
    expect(await first.stop()).toEqual({ code: 0, signal: null });
  });

  it("the next service starts at once after kill -9", async () => {
    await using home = await TestHome.make();
    await using killed = await home.start();
    killed.kill("SIGKILL");
    await killed.ended;
    await using next = await home.start();
    expect(await next.stop()).toEqual({ code: 0, signal: null });
    expect(await readFile(join(home.dir, "service.lock"), "utf8")).toBe("");
  });

  it("only one of several services that find a stale lock at the same time runs", async () => {
    await using home = await TestHome.make();
    await using killed = await home.start();
    const lock = await readFile(join(home.dir, "service.lock"));
    killed.kill("SIGKILL");
    await killed.ended;
    await writeFile(join(home.dir, "service.lock"), lock);
    const racers = Array.from({ length: 6 }, () => home.run());
    const outcome = async (racer: RunningProcess): Promise<string> => {
      const refused = racer.ended.then(() => "refused");
      return Promise.race([
        racer.waitFor(/:Ready in /).then(
          () => "ready",
          () => "refused",
        ),
        refused,
      ]);
    };
    const outcomes = await Promise.all(racers.map(outcome));
    expect(outcomes.toSorted()).toEqual(["ready", ...Array.from({ length: 5 }, () => "refused")]);
    await Promise.all(racers.map((racer) => racer[Symbol.asyncDispose]()));
  });
});
