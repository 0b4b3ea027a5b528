import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { RunningProcess } from "./src/RunningProcess.ts";
import { TestHome } from "./src/TestHome.ts";

describe("two services on one home", () => {
  it("the second refuses, naming the first's process, and the first runs on", async () => {
    await using home = await TestHome.make();
    await using first = await home.start();
    await using second = home.run();
    expect(await second.ended).toEqual({ code: 69, signal: null });
    expect(second.stderr).toContain(`Process ${first.pid} has been running on ${home.dir} since`);
    expect(await first.stop()).toEqual({ code: 0, signal: null });
  });

  it("after kill -9 the next starts at once", async () => {
    await using home = await TestHome.make();
    await using killed = await home.start();
    killed.kill("SIGKILL");
    await killed.ended;
    await using next = await home.start();
    expect(await next.stop()).toEqual({ code: 0, signal: null });
    await expect(readFile(join(home.dir, "service.lock"))).rejects.toThrow("ENOENT");
  });

  it("of several that find a stale lock at the same time, one runs", async () => {
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
