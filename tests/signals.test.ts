import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { descendantsOf } from "./src/descendantsOf.ts";
import { RunningProcess } from "./src/RunningProcess.ts";
import { TestHome } from "./src/TestHome.ts";
import { serviceCommand, workspaceDir } from "./src/workspace.ts";

const plain = { name: "peek_plugin_plain" };

/** Starts the service's command through another one. */
function runBy(home: TestHome, command: string, ...args: readonly string[]): RunningProcess {
  return new RunningProcess(command, { args: [...args, serviceCommand("logic")], env: { PEEK_HOME: home.base } });
}

const isOrderly = (running: RunningProcess): boolean => running.lines.includes("INFO peek_plugin_plain:Unloaded");

describe("a signal", () => {
  it("SIGHUP does not stop a service that was started by nohup, but SIGTERM does", async () => {
    await using home = await TestHome.with({}, [plain]);
    await using running = runBy(home, "nohup");
    await running.waitFor(/:Ready in /);
    running.kill("SIGHUP");
    await running.waitFor(/^INFO peek_logic_service:SIGHUP: ignored/);
    expect(await running.stop()).toEqual({ code: 0, signal: null });
    expect(running.lines).toContain("INFO peek_logic_service:SIGTERM: stopping");
  });

  it.each(["SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGPWR"] as const)(
    "%s stops a service in order",
    async (signal) => {
      await using home = await TestHome.with({}, [plain]);
      await using running = await home.start();
      running.kill(signal);
      expect(await running.ended).toEqual({ code: 0, signal: null });
      expect(running.lines).toContain(`INFO peek_logic_service:${signal}: stopping`);
      expect(isOrderly(running)).toBe(true);
    },
  );

  it("that a service ignores does not end it, and opens no debugger port", async () => {
    await using home = await TestHome.with({}, [plain]);
    await using running = await home.start();
    for (const signal of ["SIGUSR1", "SIGUSR2", "SIGALRM", "SIGVTALRM", "SIGXCPU", "SIGIO", "SIGSTKFLT"] as const) {
      running.kill(signal);
      await running.waitFor(new RegExp(`^INFO peek_logic_service:${signal}: ignored`));
    }
    running.kill("SIGPIPE");
    expect(await running.stop()).toEqual({ code: 0, signal: null });
    expect(isOrderly(running)).toBe(true);
    expect(running.stderr).toBe("");
  });
});

const namespace = ["--user", "--map-root-user", "--pid", "--fork", "--mount-proc"];
const canUnshare = spawnSync("unshare", [...namespace, "true"]).status === 0;

describe("process 1 of a container", () => {
  it.skipIf(!canUnshare)("warns that it needs an init, and stops in order", async () => {
    await using home = await TestHome.with({}, [plain]);
    await using running = runBy(home, "unshare", ...namespace, "--kill-child");
    await running.waitFor(/^WARNING peek_logic_service:This is process 1 of its container, .* docker run --init/);
    await running.waitFor(/:Ready in /);
    const [pid] = await descendantsOf(running.pid);
    process.kill(pid ?? 0, "SIGTERM");
    expect(await running.ended).toEqual({ code: 0, signal: null });
    expect(isOrderly(running)).toBe(true);
  });
});

describe("a service under development", () => {
  it.each([
    ["the script that runs it", 0],
    ["the process above that", 1],
    ["the topmost process", 2],
  ])("stops in order when %s is killed", async (_what, above) => {
    await using home = await TestHome.with({}, [], "worker");
    const script = `"${process.execPath}" "${join(workspaceDir, "scripts/dev.ts")}" worker`;
    const inner = `sh -c '${script} & wait'`;
    await using running = new RunningProcess("sh", { args: ["-c", `${inner} & wait`], env: { PEEK_HOME: home.base } });
    const ready = await running.waitFor(/^INFO peek_worker_service:Ready in /);
    const service = Number(/process (\d+)/.exec(ready)?.[1]);
    onTestFinished(() => tryKill(service));
    const chain = [service];
    for (let pid = service; pid !== running.pid; chain.push(pid)) pid = await parentOf(pid);
    process.kill(chain[above + 1] ?? 0, "SIGKILL");
    await running.waitFor(
      /^INFO peek_worker_service:(?:The parent process, which runs this one for development, has ended|SIGTERM): stopping/,
    );
    await vi.waitFor(() => expect(chain.filter((pid) => existsSync(`/proc/${pid}/exe`))).toEqual([]), {
      timeout: 60_000,
    });
    expect(running.lines).toContain("INFO peek_worker_service:Stopped");
  });
});

async function parentOf(pid: number): Promise<number> {
  return Number(/^PPid:\s+(\d+)/m.exec(await readFile(`/proc/${pid}/status`, "utf8"))?.[1]);
}

function tryKill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // The process has ended.
  }
}
