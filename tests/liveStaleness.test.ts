import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type DatabaseClient, type LiveService, LiveServices } from "./src/LiveServices.ts";
import { peek } from "./src/peekCommand.ts";
import { historyOf, RecordingClient, valueOf } from "./src/RecordingClient.ts";
import { type StaleContracts, staleContracts, stalePlugin } from "./src/stalePlugin.ts";

const table = "pl_stale.reading";

describe("data that is not known to be current becomes stale, and live again by itself", () => {
  const owned = new AsyncDisposableStack();
  let services: LiveServices;
  let field: LiveService;
  let office: LiveService;
  let contracts: StaleContracts;
  let database: DatabaseClient;
  let value = 0;

  beforeAll(async () => {
    services = owned.use(await LiveServices.start({ plugins: [stalePlugin()] }));
    [field, office] = await Promise.all([services.startBeside("field"), services.startBeside("office")]);
    contracts = await staleContracts(field);
    database = owned.use(await services.database());
  });

  afterAll(async () => {
    await owned.disposeAsync();
  });

  const change = async (): Promise<void> => {
    value += 1;
    await database.query(`UPDATE ${table} SET value = $1`, [value]);
  };

  const watch = ({ url }: LiveService) => {
    const recording = new RecordingClient({ url });
    onTestFinished(() => recording[Symbol.dispose]());
    return recording.client.subscribe(contracts.Reading);
  };

  /**
   * Breaks a part of the system, and repairs it when all clients, old and new ones, have been notified that their data is stale.
   *
   * @param break_ Returns the function that repairs it.
   */
  async function becomesStaleWhile(break_: () => Promise<() => Promise<void>>, reason: RegExp): Promise<void> {
    const watches = [watch(field), watch(office)];
    for (const each of watches) await valueOf(each, ({ status }) => status === "live");
    const brokenAt = Date.now();
    const repair = await break_();
    const isBrokenAt = Date.now();
    for (const each of watches) {
      const { tuples, asOf, reason: why } = await valueOf(each, ({ status }) => status === "stale");
      expect(tuples).toHaveLength(1);
      expect(why).toMatch(reason);
      expect(why).not.toMatch(/SELECT|UPDATE|\n|  at /);
      // The time is shortly before the break, and not after it.
      expect(Number(asOf)).toBeGreaterThan(brokenAt - 5000);
      expect(Number(asOf)).toBeLessThan(isBrokenAt + 1000);
    }
    const late = [watch(field), watch(office)];
    const histories = late.map((each) => historyOf(each));
    for (const each of late) await valueOf(each, ({ status }) => status !== "loading").catch(() => undefined);
    for (const history of histories) expect(history.filter(({ status }) => status === "live")).toEqual([]);
    await repair();
    for (const each of [...watches, ...late]) {
      const state = await valueOf(each, ({ status }) => status === "live");
      expect(state).not.toHaveProperty("asOf");
      expect(state).not.toHaveProperty("reason");
    }
    await change();
    for (const each of [...watches, ...late]) await valueOf(each, ({ tuples }) => tuples[0]?.value === value);
  }

  it("when loading fails because a column was renamed", async () => {
    await becomesStaleWhile(async () => {
      await database.query(`ALTER TABLE ${table} RENAME COLUMN value TO amount; UPDATE ${table} SET amount = -1`);
      return async () => {
        await database.query(`ALTER TABLE ${table} RENAME COLUMN amount TO value`);
      };
    }, /^Loading fails; see the log of the logic service$/);
  });

  it("when a load takes long", async () => {
    await becomesStaleWhile(async () => {
      await database.query("UPDATE pl_stale.delay SET seconds = 8");
      await change();
      return async () => {
        await database.query("UPDATE pl_stale.delay SET seconds = 0");
      };
    }, /^Changes are still being loaded$/);
  });

  it("when the database hangs", async () => {
    await becomesStaleWhile(async () => {
      const goOn = await services.hangDatabase();
      return async () => goOn();
    }, /^The database does not answer$/);
  });

  it("and peek status shows it on each service", async () => {
    const watches = [watch(field), watch(office)];
    for (const each of watches) await valueOf(each, ({ status }) => status === "live");
    expect((await peek(services.base, "status")).stdout).not.toMatch(/STALE/);
    const goOn = await services.hangDatabase();
    for (const each of watches) await valueOf(each, ({ status }) => status === "stale");
    const { code, stdout } = await peek(services.base, "status");
    goOn();
    expect(code).toBe(0);
    expect(stdout).toMatch(/^STALE ON +OBSERVABLE +AS OF +FOR +WHY$/m);
    for (const service of ["logic", "field", "office"]) {
      expect(stdout).toMatch(
        new RegExp(
          `^${service}-\\w+ +peek_plugin_stale\\.Reading +\\d{4}-\\S+ +[\\d.]+ m?s +The database does not answer$`,
          "m",
        ),
      );
    }
    for (const each of watches) await valueOf(each, ({ status }) => status === "live");
  });

  it("when the database is read-only", async () => {
    await becomesStaleWhile(async () => {
      await database.query("ALTER SYSTEM SET default_transaction_read_only = on");
      await database.query("SELECT pg_reload_conf()");
      return async () => {
        await database.query("SET default_transaction_read_only = off");
        await database.query("ALTER SYSTEM RESET default_transaction_read_only");
        await database.query("SELECT pg_reload_conf()");
      };
    }, /read-only/);
  });

  it("when the database refuses connections", async () => {
    const other = owned.use(await services.database("template1"));
    await becomesStaleWhile(async () => {
      const [row] = await database.query("SELECT current_database() AS name");
      const name = String(row?.["name"]);
      await other.query(`ALTER DATABASE "${name}" ALLOW_CONNECTIONS false`);
      await other.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", [name]);
      return async () => {
        await other.query(`ALTER DATABASE "${name}" ALLOW_CONNECTIONS true`);
        database = owned.use(await services.database());
      };
    }, /^The database cannot be reached$/);
  });

  it("when a table is renamed", async () => {
    await becomesStaleWhile(async () => {
      await database.query(`ALTER TABLE ${table} RENAME TO elsewhere`);
      return async () => {
        await database.query(`ALTER TABLE pl_stale.elsewhere RENAME TO reading`);
      };
    }, /^A table of the database is missing$/);
  });

  it("when changes cannot be read", async () => {
    const other = owned.use(await services.database());
    await becomesStaleWhile(async () => {
      await other.query("BEGIN");
      await other.query("LOCK TABLE peek_vortex.change IN ACCESS EXCLUSIVE MODE");
      return async () => {
        await other.query("ROLLBACK");
      };
    }, /^The database does not answer$/);
  });

  it("when logic hangs with open connections", async () => {
    await becomesStaleWhile(async () => {
      services.logic.kill("SIGSTOP");
      return async () => services.logic.kill("SIGCONT");
    }, /^Logic does not answer$/);
  });

  it("when logic is gone", async () => {
    await becomesStaleWhile(async () => {
      await services.killLogic();
      return async () => {
        await services.startLogic();
        database = owned.use(await services.database());
      };
    }, /^The service does not reach logic$/);
  });

  it("when the event loop of logic is blocked for some seconds", async () => {
    const { client } = new RecordingClient({ url: field.url });
    onTestFinished(() => client.close());
    const watches = [watch(field), watch(office)];
    for (const each of watches) await valueOf(each, ({ status }) => status === "live");
    await client.push(contracts.Block, { ms: 6000 });
    for (const each of watches) {
      const { reason } = await valueOf(each, ({ status }) => status === "stale");
      expect(reason).toBe("Logic does not answer");
    }
    for (const each of watches) await valueOf(each, ({ status }) => status === "live");
  });

  it("when the event loop of field is blocked for some seconds", async () => {
    const watched = watch(field);
    await valueOf(watched, ({ status }) => status === "live");
    const blocked = fetch(`${field.origin}/peek_plugin_stale/block`, {
      method: "POST",
      headers: { origin: field.origin },
    });
    const { reason } = await valueOf(watched, ({ status }) => status === "stale");
    expect(reason).toBe("The service has been silent for some seconds");
    await blocked;
    await valueOf(watched, ({ status }) => status === "live");
  });
});
