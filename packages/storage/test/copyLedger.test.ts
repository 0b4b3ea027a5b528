import { serviceConfigSchema } from "@peek/config";
import { PeekError } from "@peek/errors";
import type { LedgerRequest } from "@peek/plugin-base/internal";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Storage, StorageOptions } from "@peek/storage";
import { copyDatabase, type CopyReport } from "../src/copy/index.ts";
import { caught, enter, openStorage, signal, TestLog, valueOf } from "./support.ts";
import { openTestDatabase, type TestDatabase } from "./testing.ts";

const plugin = "peek_plugin_pump";
const other = "peek_plugin_other";
const plugins = [plugin, other];

let from: TestDatabase;
let to: TestDatabase;
let stack: AsyncDisposableStack;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  from = stack.use(await openTestDatabase());
  to = stack.use(await openTestDatabase());
});

afterEach(() => stack.disposeAsync());

async function open(database: TestDatabase): Promise<Storage> {
  const storage = stack.use(await openStorage(database, { plugins }));
  for (const name of plugins) stack.use(enter(storage, name));
  return storage;
}

interface CopyInput {
  readonly without?: readonly string[];
  readonly onTable?: (name: string, rows: number) => void;
}

async function copy({ without = [], onTable = () => undefined }: CopyInput = {}): Promise<CopyReport> {
  await using source = await openStorage(from, { plugins });
  const config = serviceConfigSchema.parse({ storage: { connectUrl: to.connectUrl, retrySeconds: 0 } }).storage;
  const target: Omit<StorageOptions, "migrations"> = {
    ...{ title: "peek storage copy", config, embeddedDir: "", embedded: "find", signal },
    plugins: plugins.map((name) => ({ name, version: "1.0.0", migrationsDir: undefined })),
    getLogger: () => new TestLog(),
  };
  return await copyDatabase({ source, target, without, onTable: ({ name, rows }) => onTable(name, rows) });
}

function request(sequence: number, more: Partial<LedgerRequest> = {}): LedgerRequest {
  const after = sequence - 1;
  return {
    client: "device 1",
    lane: "main",
    sequence,
    after,
    acknowledged: 0,
    userId: "ann",
    device: "tablet",
    ...more,
  };
}

const letter = {
  action: `${plugin}.Raise`,
  body: String.raw`{"id":1,"text":"a\tb\\N"}`,
  user: { id: "ann", name: "Ann", groups: ["all"], anonymous: false },
  device: "device 1",
  pushedAt: "2026-01-02T03:04:05.678Z",
  code: "ACTION_REJECTED",
  message: "The pump is locked",
};

async function never(): Promise<string> {
  throw new Error("It was executed already");
}

it("A copied database has the executed actions, their outcomes and the dead letters", async () => {
  const before = await open(from);
  await before.ledger.execute(plugin, request(1), async () => 'raised\t"\\N"');
  await before.ledger.reject(plugin, request(2), "no", letter);
  await before.ledger.execute(plugin, request(4, { after: 2, acknowledged: 1 }), async () => "raised again");
  await before.ledger.execute(other, request(7, { after: 0 }), async () => "other's");
  await before[Symbol.asyncDispose]();
  const told = new Map<string, number>();
  await copy({ onTable: (name, rows) => void told.set(name, rows) });
  expect(Object.fromEntries(told)).toEqual({ action_client: 2, action_lane: 2, action_outcome: 3, dead_letter: 1 });

  const { ledger } = await open(to);
  expect(await ledger.execute(plugin, request(1), never)).toEqual({ kind: "forgotten" });
  expect(await ledger.execute(plugin, request(2), never)).toEqual({ kind: "rejected", body: "no", repeated: true });
  expect(await ledger.execute(plugin, request(4), never)).toMatchObject({ body: "raised again", repeated: true });
  expect(await ledger.execute(plugin, request(6), never)).toEqual({ kind: "early", last: 4 });
  expect(await ledger.execute(plugin, request(5, { userId: "bob" }), never)).toEqual({ kind: "foreign" });
  expect(await ledger.execute(other, request(7), never)).toMatchObject({ body: "other's", repeated: true });
  expect(await ledger.execute(plugin, request(5), async () => "new")).toMatchObject({ body: "new", repeated: false });
  await ledger.reject(plugin, request(6), "no", letter);
  expect((await ledger.deadLetters(plugin)).map(({ id, body }) => [id, body])).toEqual([
    ["2", letter.body],
    ["1", letter.body],
  ]);
});

it("The ledger of a plugin that is left behind is not copied; without actions nothing is created", async () => {
  const before = await open(from);
  await before.ledger.execute(other, request(1), async () => "other's");
  await before[Symbol.asyncDispose]();
  expect(await copy({ without: [other] })).toMatchObject({ plugins: [plugin], tables: 0 });
  expect(await valueOf(to, "SELECT to_regnamespace('peek_vortex')::text")).toBeNull();
  const { ledger } = await open(to);
  expect(await ledger.execute(other, request(1), async () => "anew")).toMatchObject({ repeated: false });
});

it("A copy that fails at its end or is killed leaves nothing of the ledger", async () => {
  const before = await open(from);
  await before.ledger.execute(plugin, request(1), async () => "raised");
  await before[Symbol.asyncDispose]();
  const onTable = (name: string): void => {
    if (name === "action_outcome") throw new PeekError("INTERNAL", "it fails here");
  };
  expect(await caught(() => copy({ onTable }))).toMatchObject({ message: "it fails here" });
  expect(await to.query("SELECT nspname FROM pg_namespace WHERE nspname ~ '^(pl|peek)_'")).toEqual([]);
  // The state after a kill when all rows have arrived.
  await copy();
  await to.query("INSERT INTO peek_platform.setting VALUES ('copy_began_at', '2026-01-01')");
  expect(await copy()).toMatchObject({ tables: 4, rows: 3 });
});

it("A source of an older Peek is copied and stays unchanged", async () => {
  const before = await open(from);
  await before.ledger.execute(plugin, request(1), async () => "raised");
  await before[Symbol.asyncDispose]();
  await from.query("UPDATE peek_vortex.layout SET version = 1; ALTER TABLE peek_vortex.action_lane DROP COLUMN kept");
  await copy();
  expect(await valueOf(from, "SELECT version FROM peek_vortex.layout")).toBe(1);
  const { ledger } = await open(to);
  expect(await ledger.execute(plugin, request(1), never)).toMatchObject({ body: "raised", repeated: true });
});
