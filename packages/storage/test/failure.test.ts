import { sql } from "@peek/plugin-base/storage";
import pg from "pg";
import { PeekError } from "@peek/errors";
import { Storage } from "@peek/storage";
import { retryWhileUnavailable } from "../src/connection/retryWhileUnavailable.ts";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { caught, enter, nameOf, openStorage, shortTiming, TestLog, until, valueOf } from "./support.ts";
import { TcpProxy } from "./TcpProxy.ts";
import { openTestDatabase, startService, type TestDatabase } from "./testing.ts";
import { writePlugin } from "./testPlugins.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await openTestDatabase();
});

afterAll(() => database[Symbol.asyncDispose]());

const one = sql<{ readonly one: number }>`SELECT 1 AS one`;
const quick = { acquireTimeoutSeconds: 2, retrySeconds: 0 };
const password = "s3cret-pa55";

/** The test's database under another user, password, … */
function changed(url: string, change: (url: URL) => void): string {
  const parsed = new URL(url);
  change(parsed);
  return parsed.href;
}

/** Runs SQL on the server, but not in the test's database. */
async function onServer(database: TestDatabase, text: string): Promise<void> {
  const connectionString = database.connectUrl.replace(/^([a-z]+:\/\/[^/]*\/)[^?]*/, "$1template1");
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}

describe("A database that is lost while plugins run", () => {
  it("fails their calls with STORAGE_UNAVAILABLE, is logged once, and serves them again when it is back", async () => {
    const log = new TestLog();
    await using storage = await openStorage(database, { log, config: quick });
    await using entered = enter(storage);
    const { db } = entered.storage;
    await one.execute(db);
    const name = await nameOf(database);
    await onServer(
      database,
      `ALTER DATABASE ${name} ALLOW_CONNECTIONS false;
       SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`,
    );
    await until("the loss is noticed", () => !storage.status().available);
    for (const _attempt of [1, 2, 3]) {
      expect(await caught(() => one.execute(db))).toMatchObject({ code: "STORAGE_UNAVAILABLE", exitCode: 69 });
    }
    expect(await caught(() => entered.storage.transaction(async () => undefined))).toMatchObject({
      code: "STORAGE_UNAVAILABLE",
    });
    expect(storage.status().error).toContain("database of storage.connectUrl cannot be reached");
    await onServer(database, `ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
    expect((await one.execute(db)).rows).toEqual([{ one: 1 }]);
    expect(storage.status()).toMatchObject({ available: true });
    expect(storage.status().error).toBeUndefined();
    expect(log.of("error")).toEqual([expect.stringContaining("Calls of plugins fail until it is back")]);
    expect(log.of("info").filter((line) => line.includes("again"))).toEqual([
      expect.stringMatching(/The database can be reached again, after [\d.]+ s/),
    ]);
  });

  it("is noticed to be back without a call of a plugin", async () => {
    await using proxy = await TcpProxy.open(database);
    const log = new TestLog();
    await using storage = await openStorage(proxy, { log, config: quick, timing: shortTiming });
    await proxy.vanish();
    await until("the loss is noticed", () => !storage.status().available);
    await proxy.listen();
    await until("the return is noticed", () => storage.status().available);
    expect(log.of("error").length).toBe(1);
  });

  it("fails a running statement", async () => {
    await using storage = await openStorage(database);
    await using entered = enter(storage);
    const running = caught(() => sql`SELECT pg_sleep(30)`.execute(entered.storage.db));
    const end =
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()";
    while ((await database.query(end)).length === 0);
    expect(await running).toMatchObject({ code: "STORAGE_UNAVAILABLE", fields: { sqlState: "57P01" } });
    expect((await one.execute(entered.storage.db)).rows).toEqual([{ one: 1 }]);
  });

  it("is shown in the status of the service", async () => {
    await using proxy = await TcpProxy.open(database);
    await using logic = await startService("logic", {
      plugins: [writePlugin("peek_plugin_pump", { start: ({ platform }) => one.execute(platform.storage.db) })],
      config: { storage: { connectUrl: proxy.connectUrl } },
    });
    expect(logic.status().storage).toMatchObject({ available: true, host: "127.0.0.1" });
    await proxy.vanish();
    await logic.log.waitFor("ERROR peek_storage.Storage:The database of storage.connectUrl cannot be reached");
    expect(logic.status().storage).toMatchObject({ available: false, error: expect.any(String) });
    expect(JSON.stringify(logic.status())).not.toContain("secret");
  });
});

describe("A transaction whose connection is lost", () => {
  it.each([
    ["before the server reads the COMMIT", "cut", 0],
    ["after the server has committed", "pass, and cut when it answers", 1],
  ] as const)("%s fails with STORAGE_COMMIT_UNKNOWN, and is not retried", async (_when, fate, rows) => {
    await using proxy = await TcpProxy.open(database);
    await using storage = await openStorage(proxy);
    await using entered = enter(storage);
    await sql`DROP TABLE IF EXISTS t; CREATE TABLE t (i int)`.execute(entered.storage.db);
    proxy.fate = (sent) => (/^Q.{4}commit\0/s.test(sent) ? fate : "pass");
    let tries = 0;
    const error = await caught(() =>
      entered.storage.transaction(async (db) => {
        tries += 1;
        await sql`INSERT INTO t VALUES (1)`.execute(db);
      }),
    );
    expect([error.code, tries]).toEqual(["STORAGE_COMMIT_UNKNOWN", 1]);
    expect(error.message).toContain("Check for its changes");
    expect(await valueOf(database, "SELECT count(*)::int FROM pl_pump.t")).toBe(rows);
  });

  it("before its COMMIT fails with STORAGE_UNAVAILABLE", async () => {
    await using proxy = await TcpProxy.open(database);
    await using storage = await openStorage(proxy);
    await using entered = enter(storage);
    const error = await caught(() =>
      entered.storage.transaction(async (db) => {
        proxy.fate = (sent) => (sent.includes("pg_sleep") ? "cut" : "pass");
        await sql`SELECT pg_sleep(1)`.execute(db).catch(() => undefined);
      }),
    );
    expect(error.code).toBe("STORAGE_UNAVAILABLE");
  });
});

describe("A server that does not answer", () => {
  it("fails a connection attempt after the timeout", async () => {
    await using proxy = await TcpProxy.open(database);
    proxy.fate = () => "swallow";
    const began = performance.now();
    const error = await caught(() => openStorage(proxy, { config: { ...quick, acquireTimeoutSeconds: 0.2 } }));
    expect(error.code).toBe("STORAGE_UNAVAILABLE");
    expect(error.message).toContain("does not answer");
    expect(performance.now() - began).toBeLessThan(2000);
  });

  it.each([
    ["during the session settings", "transaction_timeout"],
    ["at the first query", "is_standby"],
    ["while schemas are created", "SAVEPOINT look"],
  ])("fails the start %s after the timeout, and at once when the service stops", async (_when, last) => {
    await using own = await openTestDatabase();
    await using proxy = await TcpProxy.open(own);
    let onMute = (): void => undefined;
    let mute = false;
    proxy.fate = (sent) => {
      if (sent.includes(last)) {
        mute = true;
        onMute();
      }
      return mute ? "swallow" : "pass";
    };
    const short = { acquireTimeoutSeconds: 0.3, statementTimeoutSeconds: 0.3, retrySeconds: 0 };
    const error = await caught(() => openStorage(proxy, { config: short }));
    expect([error.code, error.message]).toEqual([
      "STORAGE_UNAVAILABLE",
      expect.stringMatching(/has not answered|does not answer/),
    ]);
    mute = false;
    const stop = new AbortController();
    onMute = () => stop.abort();
    const long = { acquireTimeoutSeconds: 60, retrySeconds: 600 };
    await expect(openStorage(proxy, { config: long, signal: stop.signal })).rejects.toThrow("was aborted");
  });

  it("fails a statement that exceeds its limit on the server", async () => {
    await using proxy = await TcpProxy.open(database);
    await using storage = await openStorage(proxy, { config: { statementTimeoutSeconds: 0.1 }, timing: shortTiming });
    await using entered = enter(storage);
    proxy.fate = (sent) => (sent.includes("lost on the way") ? "swallow" : "pass");
    const error = await caught(() => sql`SELECT 'lost on the way'`.execute(entered.storage.db));
    expect(error.code).toBe("STORAGE_TIMEOUT");
    expect((await one.execute(entered.storage.db)).rows).toEqual([{ one: 1 }]);
    expect(storage.status().pools["peek_plugin_pump"]).toMatchObject({ open: 1, idle: 1 });
  });
});

describe("A database that is unavailable at the start", () => {
  it("is retried until storage.retrySeconds, and logged once", async () => {
    const proxy = await TcpProxy.open(database);
    await proxy.vanish();
    const log = new TestLog();
    const error = await caught(() => openStorage(proxy, { log, config: { ...quick, retrySeconds: 0.6 } }));
    expect([error.code, error.exitCode]).toEqual(["STORAGE_UNAVAILABLE", 69]);
    expect(log.lines).toEqual([
      expect.stringMatching(/^info: .*nothing listens at 127\.0\.0\.1:\d+.* Trying again in 0\.\d s, for 1 s more$/),
    ]);
  });

  it("is logged as a warning for each attempt after the time of a start", async () => {
    const log = new TestLog();
    const work = (): Promise<never> => Promise.reject(new PeekError("STORAGE_UNAVAILABLE", "It is away."));
    const { signal } = new AbortController();
    const trying = retryWhileUnavailable(work, { retryMs: 400, logger: log, signal, warnAfterMs: 0 });
    await expect(trying).rejects.toThrow("It is away.");
    expect(log.lines.length).toBeGreaterThanOrEqual(2);
    for (const line of log.lines) expect(line).toMatch(/^warning: It is away\. Trying again in/);
  });

  it("is used as soon as it is available", async () => {
    await using proxy = await TcpProxy.open(database);
    await proxy.vanish();
    const log = new TestLog();
    const opening = openStorage(proxy, { log, config: { ...quick, retrySeconds: 30 } });
    await log.waitFor("Trying again");
    await proxy.listen();
    await using storage = await opening;
    expect(storage.status().available).toBe(true);
    expect(log.of("error")).toEqual([]);
  });

  it("is not awaited any longer when the service stops", async () => {
    const proxy = await TcpProxy.open(database);
    await proxy.vanish();
    const log = new TestLog();
    const stop = new AbortController();
    const opening = caught(() =>
      openStorage(proxy, { log, signal: stop.signal, config: { ...quick, retrySeconds: 600 } }),
    );
    await log.waitFor("Trying again");
    stop.abort();
    expect((await opening).code).toBe("STORAGE_UNAVAILABLE");
  });
});

describe("A wrong connectUrl", () => {
  /** Opens a storage with a wrong URL, by TCP on any server. */
  async function refusal(
    change: (url: URL) => void,
    database: TestDatabase,
  ): Promise<Awaited<ReturnType<typeof caught>>> {
    await using proxy = await TcpProxy.open(database);
    const connectUrl = changed(proxy.connectUrl, change);
    const error = await caught(() => openStorage({ connectUrl }, { config: quick }));
    const own = new URL(proxy.connectUrl).password;
    for (const text of [error.message, JSON.stringify(error), String(error.stack)]) {
      expect(text).not.toContain(password);
      if (own !== "") expect(text).not.toContain(own);
    }
    return error;
  }

  it.each([
    [
      "host",
      (url: URL) => (url.hostname = "no-such-host.invalid"),
      "STORAGE_UNAVAILABLE",
      "the host name no-such-host.invalid",
    ],
    ["port", (url: URL) => (url.port = "1"), "STORAGE_UNAVAILABLE", "nothing listens at 127.0.0.1:1."],
    ["database", (url: URL) => (url.pathname = "/nowhere"), "STORAGE_REFUSED", "the server has no database nowhere"],
    [
      "certificate",
      (url: URL) => (url.search = "?sslmode=verify-ca&sslrootcert=/no/such.crt"),
      "STORAGE_REFUSED",
      "/no/such.crt",
    ],
  ])("is rejected with a message about its %s", async (_part, change, code, said) => {
    const error = await refusal(change, database);
    expect([error.code, error.message]).toEqual([code, expect.stringContaining(said)]);
    expect(error.message).toContain("storage.connectUrl");
  });

  it("is rejected with a message about its account", async () => {
    const error = await refusal((url) => {
      url.username = "nobody_of_that_name";
      url.password = password;
    }, database);
    expect([error.code, error.message]).toEqual(["STORAGE_REFUSED", expect.stringContaining("nobody_of_that_name")]);
  });

  it("is rejected with a message about its password", async (context) => {
    const name = await nameOf(database);
    await database.query(`CREATE ROLE ${name}_known LOGIN PASSWORD 'other'`);
    const connectUrl = changed(
      database.connectUrl.replace(/@\//, "@localhost/"),
      (url) => ([url.username, url.password] = [`${name}_known`, password]),
    ).replace("@localhost/", "@/");
    const client = new pg.Client({ connectionString: connectUrl });
    const asks = await client.connect().then(
      () => false,
      () => true,
    );
    await client.end().catch(() => undefined);
    context.skip(!asks, "the server asks nobody for a password");
    const error = await caught(() => openStorage({ connectUrl }, { config: quick }));
    expect([error.code, error.message]).toEqual([
      "STORAGE_REFUSED",
      expect.stringContaining(`the password of ${name}_known is wrong`),
    ]);
    expect(error.message).not.toContain(password);
  });

  it("is rejected with a message about TLS that the server lacks", async (context) => {
    context.skip((await valueOf(database, "SELECT current_setting('ssl')")) === "on", "the server has TLS");
    const error = await refusal((url) => (url.search = "?sslmode=require"), database);
    expect([error.code, error.message]).toEqual(["STORAGE_REFUSED", expect.stringContaining("TLS with 127.0.0.1")]);
    expect(error.message).toContain("the server does not support it");
  });
});

describe("A database that cannot be closed", () => {
  it("is logged in one line, and the service stops", async () => {
    const dispose = vi.spyOn(Storage.prototype, Symbol.asyncDispose);
    onTestFinished(() => dispose.mockRestore());
    dispose.mockImplementation(async function (this: Storage) {
      dispose.mockRestore();
      await using held = new AsyncDisposableStack();
      held.defer(() => this[Symbol.asyncDispose]());
      held.defer(() => Promise.reject(new Error("one connection is stuck.")));
      held.defer(() => Promise.reject(new Error("so is another.")));
    });
    const logic = await startService("logic", { database, plugins: [writePlugin("peek_plugin_pump")] });
    expect(await logic.stop()).toEqual([]);
    expect(logic.log.lines.filter((line) => line.startsWith("ERROR"))).toEqual([
      "ERROR peek_logic_service:Failed to close the database: so is another. one connection is stuck.",
    ]);
    expect(logic.log.lines.at(-1)).toContain("Stopped");
  });
});
