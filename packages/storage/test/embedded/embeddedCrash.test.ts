import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Client } from "pg";
import { describe, expect, it, onTestFinished } from "vitest";
import { type EmbeddedConnection, readEmbeddedConnection } from "../../src/embedded/EmbeddedConnection.ts";
import { processesOn, serverPid, watchdogsOf } from "./processesOn.ts";
import { temporaryFolder } from "./temporaryFolder.ts";
import { TestLog } from "./TestLog.ts";
import { madeOnce, numbers, openServer, query } from "./testServer.ts";
import { until } from "./until.ts";

/** A process namespace, whose processes are not visible from here and end with it. */
const container = ["unshare", "--pid", "--ipc", "--uts", "--mount-proc", "--fork", "--kill-child"];
const fill = madeOnce();

function filledFolder(): string {
  const dir = temporaryFolder();
  fill(dir);
  return dir;
}

/** Another process that runs the folder's server; both are killed when the test ends. */
async function startHolder(
  dir: string,
  within: readonly string[] = [],
): Promise<ChildProcess & { connection: EmbeddedConnection }> {
  const script = fileURLToPath(import.meta.resolve("./fixtures/holder.ts"));
  const [program, ...args] = [...within, process.execPath, "--conditions=@peek/source", script, dir];
  const holder = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(async () => {
    holder.kill("SIGKILL");
    await until("the server's end", () => {
      for (const pid of processesOn(dir)) process.kill(pid, "SIGINT");
      return processesOn(dir).length === 0;
    });
  });
  await Promise.race([once(holder.stdout, "data"), once(holder, "exit")]);
  const connection = readEmbeddedConnection(dir);
  if (connection === undefined) throw new Error("The holder has told no connection");
  return Object.assign(holder, { connection });
}

/** Resumes a process, if it still exists. */
function resume(pid: number): void {
  if (existsSync(`/proc/${pid}`)) process.kill(pid, "SIGCONT");
}

async function killed(child: ChildProcess): Promise<void> {
  child.kill("SIGKILL");
  await once(child, "exit");
}

describe("An embedded server that dies", () => {
  it("is restarted at its address, with its rows", async () => {
    const dir = filledFolder();
    const log = new TestLog();
    const { connection } = await openServer(dir, log, {});
    await query(connection, "INSERT INTO t VALUES (2)");
    const first = serverPid(dir);
    process.kill(first, "SIGKILL");
    await log.waitFor("runs again");
    expect(await numbers(connection)).toEqual([1, 2]);
    expect(serverPid(dir)).not.toBe(first);
    expect(readEmbeddedConnection(dir)).toEqual(connection);
    expect(log.of("error")).toEqual([
      "error: The embedded PostgreSQL ended unexpectedly: signal SIGKILL. Restarting it",
    ]);
    expect(watchdogsOf(first)).toEqual([]);
    expect(watchdogsOf(serverPid(dir))).toHaveLength(1);
  });

  it("is restarted at its port", async () => {
    const dir = join(temporaryFolder(), "x".repeat(100));
    fill(dir);
    const log = new TestLog();
    const { connection } = await openServer(dir, log);
    process.kill(serverPid(dir), "SIGKILL");
    await log.waitFor("runs again");
    expect(await numbers(connection)).toEqual([1]);
  });

  it("is restarted when its remaining processes have ended", async () => {
    const dir = filledFolder();
    const log = new TestLog();
    const { connection } = await openServer(dir, log);
    const client = new Client({ ...connection, ssl: false });
    const { promise: disconnected, resolve } = Promise.withResolvers<void>();
    // The backend reports its end as an error.
    client.on("error", () => undefined).on("end", () => resolve());
    await client.connect();
    const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
    const backend = rows[0]?.pid ?? 0;
    // Stopped, so that it does not notice the end of the server.
    process.kill(backend, "SIGSTOP");
    onTestFinished(() => resume(backend));
    process.kill(serverPid(dir), "SIGKILL");
    await log.waitFor(`A PostgreSQL server still uses ${join(dir, "data")}, started by process ${process.pid}`);
    expect(log.lines.join("\n")).not.toContain("runs again");
    resume(backend);
    await log.waitFor("runs again");
    await disconnected;
    expect(log.lines.filter((line) => line.includes("Trying again"))).toEqual([]);
    expect(await numbers(connection)).toEqual([1]);
  });

  it("and cannot be started is retried until it can", async () => {
    const dir = filledFolder();
    const log = new TestLog();
    const { connection } = await openServer(dir, log);
    const file = join(dir, "data", "global", "pg_control");
    renameSync(file, `${file}.away`);
    process.kill(serverPid(dir), "SIGKILL");
    await log.waitFor("Trying again in 0.2 s");
    renameSync(`${file}.away`, file);
    await log.waitFor("runs again");
    expect(await numbers(connection)).toEqual([1]);
    expect(log.lines.filter((line) => line.includes("ended unexpectedly"))).toHaveLength(1);
  });

  it("and cannot be started can be stopped", async () => {
    const dir = filledFolder();
    const log = new TestLog();
    const server = await openServer(dir, log);
    const file = join(dir, "data", "global", "pg_control");
    renameSync(file, `${file}.away`);
    process.kill(serverPid(dir), "SIGKILL");
    await log.waitFor("Trying again");
    await server.stop();
    const lines = log.lines.length;
    await until("the end of all processes", () => processesOn(dir).length === 0);
    expect(log.lines).toHaveLength(lines);
    expect(readEmbeddedConnection(dir)).toBeUndefined();
  });
});

describe("A service that is killed", () => {
  it("ends its server, and loses no committed data", async () => {
    const dir = filledFolder();
    const holder = await startHolder(dir);
    await query(holder.connection, "INSERT INTO t VALUES (2)");
    expect(processesOn(dir)).not.toEqual([]);
    await killed(holder);
    await until("the server's end", () => processesOn(dir).length === 0);
    const log = new TestLog();
    const { connection } = await openServer(dir, log);
    expect(await numbers(connection)).toEqual([1, 2]);
    expect(log.of("warning")).toEqual([]);
  });

  it("together with its watchdog leaves a server that the next service terminates", async () => {
    const dir = filledFolder();
    const holder = await startHolder(dir);
    await query(holder.connection, "INSERT INTO t VALUES (2)");
    const pid = serverPid(dir);
    const [watchdog = 0, ...more] = watchdogsOf(pid);
    expect(more).toEqual([]);
    process.kill(watchdog, "SIGKILL");
    await killed(holder);
    expect(await numbers(holder.connection)).toEqual([1, 2]);
    const log = new TestLog();
    const { connection } = await openServer(dir, log);
    expect(await numbers(connection)).toEqual([1, 2]);
    expect(serverPid(dir)).not.toBe(pid);
    expect(log.of("warning")).toEqual([
      `warning: Terminating a server that was left running on ${join(dir, "data")}, process ${pid}`,
    ]);
  });

  it("leaves a process id that another process may have got, which is not terminated", async () => {
    const dir = filledFolder();
    const other = spawn("sleep", ["60"], { stdio: "ignore", cwd: join(dir, "data") });
    onTestFinished(() => void other.kill("SIGKILL"));
    const content = `${other.pid}\n${join(dir, "data")}\n1795343015\n5432\n${dir}\n\n  2147307        13\nready   \n`;
    writeFileSync(join(dir, "data", "postmaster.pid"), content);
    writeFileSync(join(dir, ".s.PGSQL.5432.lock"), content);
    const log = new TestLog();
    const { connection } = await openServer(dir, log);
    expect(await numbers(connection)).toEqual([1]);
    expect(readFileSync(join(dir, "data", "postmaster.pid"), "utf8")).not.toContain(`${other.pid}\n`);
    expect(other.exitCode).toBeNull();
    expect(other.signalCode).toBeNull();
    expect(log.of("warning")).toEqual([]);
  });

  it.runIf(process.getuid?.() === 0)("in another container is awaited, and its server's data stays", async () => {
    const dir = filledFolder();
    const holder = await startHolder(dir, container);
    const log = new TestLog();
    const opening = openServer(dir, log);
    await log.waitFor(`A PostgreSQL server still uses ${join(dir, "data")}, started by process`);
    expect(existsSync(join(dir, "data", "postmaster.pid"))).toBe(true);
    await query(holder.connection, "INSERT INTO t VALUES (2)");
    await killed(holder);
    const { connection } = await opening;
    expect(await numbers(connection)).toEqual([1, 2]);
  });
});
