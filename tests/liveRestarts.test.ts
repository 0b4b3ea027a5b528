import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type TutorialContracts, tutorialContracts } from "./src/importContracts.ts";
import { type Entry, entryWindow, type LiveContracts, liveContracts, livePlugin } from "./src/livePlugin.ts";
import { type DatabaseClient, type LiveService, LiveServices } from "./src/LiveServices.ts";
import { historyOf, RecordingClient, valueOf } from "./src/RecordingClient.ts";

/** Writes entries one after the other, as fast as the database commits them. */
class Writer {
  readonly #database: DatabaseClient;
  readonly #reached = new Map<number, () => void>();
  #isStopped = false;
  #writing: Promise<void> | undefined;
  last: number;

  constructor(database: DatabaseClient, last: number) {
    this.#database = database;
    this.last = last;
  }

  begin(): void {
    this.#writing = this.#write();
  }

  /** Waits until `count` more are committed. */
  async more(count: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#reached.set(this.last + count, resolve);
    await promise;
  }

  /** The last committed entry. */
  async stop(): Promise<number> {
    this.#isStopped = true;
    await this.#writing;
    return this.last;
  }

  async #write(): Promise<void> {
    while (!this.#isStopped) {
      const n = this.last + 1;
      // Both entries of a transaction, or neither.
      await this.#database.query("BEGIN");
      await this.#database.query("INSERT INTO pl_live.entry VALUES ($1, 0)", [n]);
      await this.#database.query("UPDATE pl_live.entry SET twin = n WHERE n = $1", [n]);
      await this.#database.query("COMMIT");
      this.last = n;
      this.#reached.get(n)?.();
    }
  }
}

/**
 * The faults in the states that a client has received: each state has to consist of whole transactions without gaps, and must not be
 * older than the previous one.
 */
function mistakesIn(states: readonly (readonly Entry[])[]): readonly string[] {
  const mistakes: string[] = [];
  let newest = 0;
  for (const entries of states) {
    const last = entries.at(-1)?.n ?? 0;
    const first = Math.max(1, last - entryWindow + 1);
    if (entries[0]?.n !== first || entries.length !== last - first + 1) mistakes.push(`${first} to ${last}: not all`);
    if (entries.some(({ n }, index) => n !== first + index)) mistakes.push(`${first} to ${last}: out of order`);
    if (entries.some(({ n, twin }) => n !== twin)) mistakes.push(`${last}: half a transaction`);
    if (last < newest) mistakes.push(`${last} after ${newest}`);
    newest = last;
  }
  return mistakes;
}

describe("a field service that is killed during updates", () => {
  const owned = new AsyncDisposableStack();
  let services: LiveServices;
  let one: LiveService;
  let other: LiveService;
  let contracts: LiveContracts;

  beforeAll(async () => {
    services = owned.use(await LiveServices.start({ plugins: [livePlugin()] }));
    [one, other] = await Promise.all([services.startBeside("field"), services.startElsewhere("field")]);
    contracts = await liveContracts(one);
  });

  afterAll(async () => {
    await owned.disposeAsync();
  });

  it("loses its clients to another one within 5 s, without loss, repetition or snapshot", async () => {
    await using clients = new AsyncDisposableStack();
    const database = clients.use(await services.database());
    // Enough entries that the new ones are only a part of the window.
    await database.query("INSERT INTO pl_live.entry SELECT n, n FROM generate_series(1, 1000) n");
    const writer = new Writer(database, 1000);
    const all = await Promise.all(
      Array.from({ length: 10 }, async () => {
        const recording = clients.use(new RecordingClient({ url: [one.url, other.url] }));
        const entries = clients.use(recording.client.subscribe(contracts.Entry));
        await valueOf(entries, ({ status }) => status === "live");
        return { recording, entries, history: historyOf(entries) };
      }),
    );
    writer.begin();
    await writer.more(100);
    const snapshots = all.map(({ recording }) => recording.count("s"));
    expect(all.map(({ recording }) => recording.urls)).toEqual(all.map(() => [one.url]));
    const killedAt = performance.now();
    one.process.kill("SIGKILL");
    await Promise.all(all.map(({ entries }) => valueOf(entries, ({ status }) => status === "stale")));
    await Promise.all(all.map(({ entries }) => valueOf(entries, ({ status }) => status === "live")));
    expect(performance.now() - killedAt).toBeLessThan(5000);
    await writer.more(100);
    const last = await writer.stop();
    for (const { recording, entries, history } of all) {
      await valueOf(entries, ({ tuples }) => tuples.at(-1)?.n === last);
      expect(mistakesIn(history.map(({ tuples }) => tuples))).toEqual([]);
      expect(recording.urls.at(-1)).toBe(other.url);
    }
    expect(all.map(({ recording }) => recording.count("s"))).toEqual(snapshots);
  });
});

describe("logic that is killed", () => {
  const owned = new AsyncDisposableStack();
  let services: LiveServices;
  let field: LiveService;
  let contracts: LiveContracts;
  let tutorial: TutorialContracts;

  beforeAll(async () => {
    services = owned.use(await LiveServices.start({ plugins: [livePlugin()] }));
    field = await services.startBeside("field");
    contracts = await liveContracts(field);
    tutorial = await tutorialContracts();
  });

  afterAll(async () => {
    await owned.disposeAsync();
  });

  it("leaves clients their data as stale, and after its restart they converge within 5 s by differences only", async () => {
    await using first = await services.database();
    await first.query("INSERT INTO pl_live.entry SELECT n, n FROM generate_series(1, 50) n");
    using recording = new RecordingClient({ url: field.url });
    using entries = recording.client.subscribe(contracts.Entry);
    using rows = recording.client.subscribe(tutorial.StringIntTuple);
    await valueOf(entries, ({ status, tuples }) => status === "live" && tuples.length === 50);
    await valueOf(rows, ({ status }) => status === "live");
    const before = { entries: entries.getSnapshot().tuples, rows: rows.getSnapshot().tuples };
    const history = historyOf(entries);
    const rowHistory = historyOf(rows);

    await services.killLogic();
    await valueOf(recording.client.connection, ({ status }) => status === "stale");
    await valueOf(entries, ({ status }) => status === "stale");
    expect(entries.getSnapshot().tuples).toBe(before.entries);

    // Nothing has changed meanwhile: clients are notified that the data is live again, and receive no rows.
    await services.startLogic();
    const backAt = performance.now();
    await valueOf(entries, ({ status }) => status === "live");
    await valueOf(rows, ({ status }) => status === "live");
    expect(performance.now() - backAt).toBeLessThan(5000);
    expect(entries.getSnapshot().tuples).toBe(before.entries);
    expect(rows.getSnapshot().tuples).toBe(before.rows);
    // The reason for staleness may change meanwhile.
    const statuses = history.map(({ status }) => status);
    expect(statuses.filter((status, index) => status !== statuses[index - 1])).toEqual(["stale", "live"]);

    // Killed again, after a change: clients receive only the difference.
    await using second = await services.database();
    await services.logic.waitFor(/:Ready in /);
    services.logic.kill("SIGSTOP");
    await second.query("UPDATE pl_live.entry SET twin = -7 WHERE n = 25");
    await services.killLogic();
    await valueOf(entries, ({ status }) => status === "stale");
    await services.startLogic();
    const againAt = performance.now();
    const { tuples } = await valueOf(entries, ({ tuples: now }) => now.some(({ twin }) => twin === -7));
    await valueOf(rows, ({ status }) => status === "live");
    expect(performance.now() - againAt).toBeLessThan(5000);
    expect(tuples.filter((tuple, index) => tuple !== before.entries[index])).toEqual([{ n: 25, twin: -7 }]);
    expect(new Set(history.map((state) => state.tuples)).size).toBe(2);
    expect(new Set(rowHistory.map((state) => state.tuples))).toEqual(new Set([before.rows]));
  });

  it("executes actions that were pushed meanwhile once and in order after its restart", async () => {
    using recording = new RecordingClient({ url: field.url });
    await valueOf(recording.client.connection, ({ status }) => status === "live");
    await services.killLogic();
    await valueOf(recording.client.connection, ({ status }) => status === "stale");
    const texts = Array.from({ length: 20 }, (_, index) => `while away ${index}`);
    const pushed = await Promise.all(texts.map((text) => recording.client.push(contracts.Note, { text })));
    expect(recording.client.pending.getSnapshot()).toHaveLength(20);
    await services.startLogic();
    await Promise.all(pushed.map(({ result }) => result));
    await valueOf(recording.client.pending, (pending) => pending.length === 0);
    await using held = await services.database();
    const notes = await held.query("SELECT text FROM pl_live.note WHERE text LIKE 'while away%' ORDER BY n");
    expect(notes.map(({ text }) => text)).toEqual(texts);
  });
});
