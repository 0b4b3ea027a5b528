import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { readEmbeddedConnection } from "../../src/embedded/EmbeddedConnection.ts";
import { findPostgresPackage } from "../../src/embedded/PostgresPackage.ts";
import { caught } from "./caught.ts";
import { processesOn, serverPid, watchdogsOf } from "./processesOn.ts";
import { temporaryFolder } from "./temporaryFolder.ts";
import { TestLog } from "./TestLog.ts";
import { madeOnce, numbers, openServer, query, quick } from "./testServer.ts";

const fill = madeOnce();

function filledFolder(): string {
  const dir = temporaryFolder();
  fill(dir);
  return dir;
}

function mode(file: string): number {
  return statSync(file).mode & 0o777;
}

/** Mounts a file system over a folder for the duration of a test. */
function mount(dir: string, ...args: readonly string[]): void {
  execFileSync("mount", [...args, dir], { stdio: "pipe" });
  onTestFinished(() => void execFileSync("umount", ["--lazy", dir], { stdio: "pipe" }));
}

const mayMount = ((): boolean => {
  try {
    execFileSync("unshare", ["--mount", "true"], { stdio: "pipe" });
    return process.getuid?.() === 0;
  } catch {
    return false;
  }
})();

describe("A new embedded server", () => {
  it("creates its folder, runs, is accessible to its owner only, and leaves only its data", async () => {
    const dir = join(temporaryFolder(), "home", "postgresql");
    const log = new TestLog();
    const server = await openServer(dir, log);
    expect(await query(server.connection, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
    expect(server.version).toMatch(/^18\.\d+$/);
    expect(server.connection).toMatchObject({ host: dir, port: 5432, user: "peek", database: "peek" });
    expect(readEmbeddedConnection(dir)).toEqual(server.connection);
    expect(readdirSync(dir).toSorted()).toEqual([
      ".s.PGSQL.5432",
      ".s.PGSQL.5432.lock",
      "connection.json",
      "data",
      "lib",
      "password",
      "server.lock",
    ]);
    for (const name of ["", "data", "lib", ".s.PGSQL.5432"])
      expect([name, mode(join(dir, name))]).toEqual([name, 0o700]);
    for (const name of ["connection.json", "password"]) expect([name, mode(join(dir, name))]).toEqual([name, 0o600]);
    const pid = serverPid(dir);
    expect(watchdogsOf(pid)).toHaveLength(1);
    await server.stop();
    expect(readdirSync(dir).toSorted()).toEqual(["data", "lib", "password", "server.lock"]);
    expect(processesOn(dir)).toEqual([]);
    expect(watchdogsOf(pid)).toEqual([]);
    expect(readEmbeddedConnection(dir)).toBeUndefined();
    expect(log.lines.join("\n")).not.toContain(server.connection.password);
    expect(log.of("warning", "error", "critical")).toEqual([]);
  });

  it("has Peek's settings and the given ones", async () => {
    const { connection } = await openServer(filledFolder(), new TestLog(), { ...quick, work_mem: "7MB" });
    const names = [
      "max_connections",
      "wal_level",
      "listen_addresses",
      "TimeZone",
      "temp_file_limit",
      "work_mem",
      "jit",
    ];
    const [row] = await query(
      connection,
      `SELECT ${names.map((name) => `current_setting('${name}') AS "${name}"`).join()}`,
    );
    expect(row).toEqual({
      max_connections: "23",
      wal_level: "minimal",
      listen_addresses: "",
      TimeZone: "UTC",
      temp_file_limit: "2GB",
      work_mem: "7MB",
      jit: "off",
    });
    const [database] = await query(
      connection,
      "SELECT pg_encoding_to_char(encoding) AS encoding, datlocale FROM pg_database WHERE datname = 'peek'",
    );
    expect(database).toEqual({ encoding: "UTF8", datlocale: "C.UTF-8" });
    const others = await query(
      connection,
      "SELECT datname FROM pg_database WHERE datname NOT IN ('peek', 'template0')",
    );
    expect(others).toEqual([{ datname: "template1" }]);
    await query(connection, "CREATE ROLE plain LOGIN PASSWORD 'plain'");
    const plain = { ...connection, user: "plain", password: "plain" };
    await expect(query({ ...plain, database: "template1" }, "SELECT 1")).rejects.toMatchObject({ code: "42501" });
    await expect(query({ ...plain, password: "other" }, "SELECT 1")).rejects.toMatchObject({ code: "28P01" });
  });

  it("that PostgreSQL cannot start fails with the reason, and leaves no process", async () => {
    const dir = filledFolder();
    const error = await caught(() => openServer(dir, new TestLog(), { shared_buffers: "nonsense" }));
    expect(error.code).toBe("STORAGE_EMBEDDED_FAILED");
    expect(error.message).toContain("shared_buffers");
    expect(error.message).toContain("exit code 1");
    expect(processesOn(dir)).toEqual([]);
    expect(readEmbeddedConnection(dir)).toBeUndefined();
    expect(await numbers((await openServer(dir)).connection)).toEqual([1]);
  });

  it("has no programs for an unknown platform", async () => {
    const error = await caught(() => findPostgresPackage("sunos", "sparc"));
    expect(error.code).toBe("STORAGE_EMBEDDED_UNSUPPORTED");
    expect(error.message).toContain("sunos-sparc");
    expect(error.message).toContain("storage.connectUrl");
  });
});

describe("An embedded server that is opened again", () => {
  it("has its rows, removes temporary files, and repairs its links", async () => {
    const dir = filledFolder();
    mkdirSync(join(dir, "data.new-0123"));
    writeFileSync(join(dir, "data.new-0123", "PG_VERSION"), "18\n");
    writeFileSync(join(dir, "password.new-0123"), "x");
    rmSync(join(dir, "lib", "libpq.so.5"));
    symlinkSync("/nowhere/libpq.so.5", join(dir, "lib", "libpq.so.5"));
    const first = await openServer(dir);
    await query(first.connection, "INSERT INTO t VALUES (2)");
    await first.stop();
    const second = await openServer(dir);
    expect(await numbers(second.connection)).toEqual([1, 2]);
    expect(second.connection).toEqual(first.connection);
    expect(readdirSync(dir).filter((name) => name.includes(".new-"))).toEqual([]);
    expect(existsSync(join(dir, "lib", "libpq.so.5"))).toBe(true);
  });

  it("creates its database when it was killed before", async () => {
    const dir = filledFolder();
    const first = await openServer(dir);
    await query({ ...first.connection, database: "template1" }, "ALTER DATABASE peek RENAME TO postgres");
    await first.stop();
    const log = new TestLog();
    expect(await numbers((await openServer(dir, log)).connection)).toEqual([1]);
    expect(log.of("warning", "error")).toEqual([]);
  });

  it("stops once for several calls of stop()", async () => {
    const dir = filledFolder();
    const log = new TestLog();
    const server = await openServer(dir, log);
    await Promise.all([server.stop(), server.stop()]);
    await server[Symbol.asyncDispose]();
    expect(log.lines.filter((line) => line.includes("has stopped"))).toHaveLength(1);
    expect(processesOn(dir)).toEqual([]);
  });

  it("gets a new password when the password file was lost", async () => {
    const dir = filledFolder();
    const before = readFileSync(join(dir, "password"), "utf8");
    rmSync(join(dir, "password"));
    const log = new TestLog();
    const { connection } = await openServer(dir, log);
    expect(await numbers(connection)).toEqual([1]);
    expect(connection.password).not.toBe(before);
    expect(mode(join(dir, "password"))).toBe(0o600);
    expect(log.of("warning")).toHaveLength(1);
    await expect(query({ ...connection, password: before }, "SELECT 1")).rejects.toMatchObject({ code: "28P01" });
  });

  it("fails with the remedy when the password file has a wrong password", async () => {
    const dir = filledFolder();
    writeFileSync(join(dir, "password"), "x".repeat(43));
    const error = await caught(() => openServer(dir));
    expect(error.code).toBe("STORAGE_EMBEDDED_FAILED");
    expect(error.message).toContain(`The password in ${join(dir, "password")} does not match the database`);
    expect(processesOn(dir)).toEqual([]);
  });

  it.each([
    ["another version", "17\n", "STORAGE_DATA_VERSION", ["PostgreSQL 17", "PostgreSQL 18", "peek storage copy"]],
    ["a version that cannot be read", "\0\0", "STORAGE_EMBEDDED_FAILED", ["PG_VERSION", "damaged", "backup"]],
    ["no version", undefined, "STORAGE_EMBEDDED_FAILED", ["PG_VERSION", "cannot be read"]],
  ])("rejects data of %s, and does not change it", async (_title, content, code, parts) => {
    const dir = temporaryFolder();
    mkdirSync(join(dir, "data", "base"), { recursive: true });
    writeFileSync(join(dir, "data", "postmaster.pid"), "1\n");
    if (content !== undefined) writeFileSync(join(dir, "data", "PG_VERSION"), content);
    const before = snapshot(dir);
    const error = await caught(() => openServer(dir));
    expect(error.code).toBe(code);
    for (const part of [...parts, dir]) expect(error.message).toContain(part);
    expect(snapshot(dir)).toEqual(before);
  });
});

/** All files of a folder, with their modification times. */
function snapshot(dir: string): readonly string[] {
  return readdirSync(dir, { recursive: true, encoding: "utf8" })
    .map((name) => `${name} ${statSync(join(dir, name)).mtimeMs}`)
    .sort();
}

describe("An embedded server in a folder", () => {
  it("whose path is too long for a socket accepts connections of this machine only", async () => {
    const dir = join(temporaryFolder(), "x".repeat(100), 'a, "strange" name');
    fill(dir);
    const { connection } = await openServer(dir);
    expect(connection.host).toBe("127.0.0.1");
    expect(await numbers(connection)).toEqual([1]);
    expect(readEmbeddedConnection(dir)).toEqual(connection);
    expect(await query(connection, "SELECT current_setting('listen_addresses') AS a")).toEqual([{ a: "127.0.0.1" }]);
    expect(readdirSync(dir)).not.toContain(".s.PGSQL.5432");
    // No other program can use it.
    const other = createServer();
    const { promise, resolve } = Promise.withResolvers<unknown>();
    other.on("error", resolve).on("listening", () => resolve("listening"));
    other.listen(connection.port, "127.0.0.1");
    expect(await promise).toMatchObject({ code: "EADDRINUSE" });
  });

  it("whose path is too long for a socket keeps its port, unless another program uses it", async () => {
    const dir = join(temporaryFolder(), "x".repeat(100));
    fill(dir);
    const first = await openServer(dir);
    await first.stop();
    const second = await openServer(dir);
    expect(second.connection).toEqual(first.connection);
    await second.stop();
    const other = createServer().listen(first.connection.port, "127.0.0.1");
    onTestFinished(() => void other.close());
    await once(other, "listening");
    const third = await openServer(dir);
    expect(third.connection.port).not.toBe(first.connection.port);
    await third.stop();
    other.close();
    await once(other, "close");
    writeFileSync(join(dir, "port"), "no port");
    expect(await numbers((await openServer(dir)).connection)).toEqual([1]);
  });

  it.each([":", ";"])("with a %s in its path runs, and leaves nothing elsewhere", async (divider) => {
    const dir = join(temporaryFolder(), `a${divider}b`);
    const temporary = temporaryFolder();
    vi.stubEnv("TMPDIR", temporary);
    onTestFinished(() => void vi.unstubAllEnvs());
    const server = await openServer(dir);
    expect(await query(server.connection, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
    const [links = ""] = readdirSync(temporary);
    expect(mode(join(temporary, links))).toBe(0o700);
    await server.stop();
    await caught(() => openServer(dir, new TestLog(), { shared_buffers: "nonsense" }));
    expect(readdirSync(temporary)).toEqual([]);
  });

  it("ignores the environment variables of PostgreSQL's programs", async () => {
    vi.stubEnv("PGOPTIONS", "-c default_transaction_read_only=on");
    vi.stubEnv("PGPASSWORD", "another");
    onTestFinished(() => void vi.unstubAllEnvs());
    const { connection } = await openServer(temporaryFolder());
    vi.unstubAllEnvs();
    expect(await query(connection, "SELECT current_database() AS name")).toEqual([{ name: "peek" }]);
  });

  it("whose port is taken repeatedly fails with that reason", async () => {
    const dir = join(temporaryFolder(), "x".repeat(100));
    fill(dir);
    const other = createServer().listen(0, "127.0.0.1");
    onTestFinished(() => void other.close());
    await once(other, "listening");
    const address = other.address();
    const port = typeof address === "object" ? String(address?.port) : "";
    const log = new TestLog();
    const error = await caught(() => openServer(dir, log, { ...quick, port }));
    expect(error.code).toBe("STORAGE_EMBEDDED_FAILED");
    expect(error.message).toContain("Another program uses the port");
    expect(log.of("error").filter((line) => line.includes("could not create any TCP/IP sockets"))).toHaveLength(5);
    expect(processesOn(dir)).toEqual([]);
  });

  it("with a strange name has its socket there", async () => {
    const dir = join(temporaryFolder(), `it's a, "strange" näme`);
    fill(dir);
    const { connection } = await openServer(dir);
    expect(connection.host).toBe(dir);
    expect(await numbers(connection)).toEqual([1]);
  });

  it.skipIf(!mayMount)("on a full disk fails with that reason, and starts when there is space", async () => {
    const dir = temporaryFolder();
    mount(dir, "-t", "tmpfs", "-o", "size=20m,mode=0700", "none");
    const error = await caught(() => openServer(dir));
    expect(error.code).toBe("STORAGE_EMBEDDED_FAILED");
    expect(error.message).toContain("The disk is full");
    expect(readdirSync(dir).toSorted()).toEqual(["lib", "password"]);
    execFileSync("mount", ["-o", "remount,size=200m", dir]);
    expect(await query((await openServer(dir)).connection, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
  });

  it.skipIf(!mayMount)("that is not writable fails with that reason", async () => {
    const dir = filledFolder();
    mount(dir, "--bind", "-o", "ro", dir);
    execFileSync("mount", ["-o", "remount,bind,ro", dir]);
    const error = await caught(() => openServer(dir));
    expect(error.code).toBe("STORAGE_EMBEDDED_FAILED");
    expect(error.message).toContain("The folder is not writable");
    expect(error.message).toContain(dir);
    expect(processesOn(dir)).toEqual([]);
  });
});

describe("The connection file that another process reads", () => {
  it.each([
    ["is not there", undefined],
    ["is no JSON", "{"],
    ["lacks something", JSON.stringify({ host: "/x", port: 5432, user: "peek", database: "peek" })],
    ["has no port", JSON.stringify({ host: "/x", port: 0, user: "peek", password: "x", database: "peek" })],
  ])("is ignored when it %s", (_title, content) => {
    const dir = temporaryFolder();
    if (content !== undefined) writeFileSync(join(dir, "connection.json"), content);
    expect(readEmbeddedConnection(dir)).toBeUndefined();
  });
});
