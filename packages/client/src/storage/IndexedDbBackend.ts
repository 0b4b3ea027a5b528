import { PeekError } from "@peek/errors";
import type { Position } from "@peek/live-protocol";
import { type DBSchema, type IDBPDatabase, type IDBPTransaction, openDB } from "idb";
import { hasErrorName } from "../hasErrorName.ts";
import { randomId } from "../randomId.ts";
import { isClaimable } from "./isClaimable.ts";
import type { ActionRecord, CachedChannel, KnownUser, NewAction, StorageBackend } from "./StorageBackend.ts";
import { userHash } from "./userHash.ts";
import { enqueue, type UserQueue } from "./UserQueue.ts";

/** The version of the database. Later versions may add stores and fields, but not change these: pages of this version go on using them. */
const version = 1;
/** The limits of the cache, for all users: channels, and characters of their tuples. */
const maxCachedChannels = 200;
const maxCachedChars = 50_000_000;
/** No lease is longer. */
const maxLeaseMs = 60_000;

interface Schema extends DBSchema {
  /** A single record. `last` is the number of the last action. */
  readonly device: { readonly key: number; readonly value: { readonly last: number; readonly user?: KnownUser } };
  readonly leases: { readonly key: string; readonly value: { readonly tab: string; readonly until: number } };
  readonly queues: { readonly key: string; readonly value: UserQueue };
  readonly actions: { readonly key: number; readonly value: ActionRecord };
  /** The cached channels without their tuples, which take long to read. */
  readonly channels: {
    readonly key: [user: string, sel: string];
    readonly value: {
      readonly user: string;
      readonly sel: string;
      readonly position: Position;
      readonly size: number;
      readonly at: number;
    };
  };
  readonly tuples: { readonly key: [user: string, sel: string]; readonly value: readonly string[] };
}

type StoreName = "device" | "leases" | "queues" | "actions" | "channels" | "tuples";
type Writing<Name extends StoreName> = IDBPTransaction<Schema, Name[], "readwrite">;
type Database = IDBPDatabase<Schema>;

const storeNames: readonly StoreName[] = ["device", "leases", "queues", "actions", "channels", "tuples"];
const actionStores = ["device", "queues", "actions"] as const;
const cacheStores = ["channels", "tuples"] as const;

/** A storage backend in the browser's IndexedDB. */
export class IndexedDbBackend implements StorageBackend {
  readonly isShared = true;
  readonly #name: string;
  readonly #outdated: () => void;
  #database: Promise<Database> | undefined;
  #isClosed = false;

  private constructor(name: string, outdated: () => void) {
    this.#name = name;
    this.#outdated = outdated;
  }

  /**
   * @param outdated Called if a newer version of the page has upgraded the database.
   * @throws The browser's error; PeekError `CLIENT_STORAGE_UNAVAILABLE` if the newer version has removed a store.
   */
  static async open(name: string, outdated: () => void): Promise<IndexedDbBackend> {
    const backend = new IndexedDbBackend(name, outdated);
    await backend.#open();
    return backend;
  }

  async lastUser(): Promise<KnownUser | undefined> {
    return this.#read(["device"], async (tx) => (await tx.objectStore("device").get(0))?.user);
  }

  async setLastUser(user: KnownUser | undefined): Promise<void> {
    await this.#write(["device"], async (tx) => {
      const last = (await tx.objectStore("device").get(0))?.last ?? Date.now();
      await tx.objectStore("device").put({ last, ...(user !== undefined && { user }) }, 0);
    });
  }

  async addAction(action: NewAction): Promise<ActionRecord> {
    return this.#write(actionStores, async (tx) => {
      const before = await tx.objectStore("device").get(0);
      // Never from 1 again: other tabs may remember actions from before the user has cleared the device.
      const n = (before?.last ?? Date.now()) + 1;
      await tx.objectStore("device").put({ ...before, last: n }, 0);
      const { user } = action;
      const record =
        user === undefined ? { ...action, n, client: "", seq: 0 } : await enqueued(tx, { ...action, n, user });
      await tx.objectStore("actions").put(record);
      return record;
    });
  }

  async actions(): Promise<readonly ActionRecord[]> {
    return this.#read(["actions"], (tx) => tx.objectStore("actions").getAll());
  }

  async claimActions(user: string, tab: string): Promise<boolean> {
    const hash = userHash(user);
    return this.#write(actionStores, async (tx) => {
      const claimed = (await tx.objectStore("actions").getAll()).filter((action) => isClaimable(action, hash, tab));
      for (const action of claimed) await tx.objectStore("actions").put(await enqueued(tx, { ...action, user }));
      return claimed.length > 0;
    });
  }

  async removeAction(n: number): Promise<void> {
    await this.#write(["actions"], (tx) => tx.objectStore("actions").delete(n));
  }

  async rejectAction(n: number, error: NonNullable<ActionRecord["error"]>): Promise<void> {
    await this.#write(["actions"], async (tx) => {
      const action = await tx.objectStore("actions").get(n);
      if (action !== undefined) await tx.objectStore("actions").put({ ...action, error });
    });
  }

  async cachedChannel(user: string, sel: string): Promise<CachedChannel | undefined> {
    return this.#read(cacheStores, async (tx) => {
      const [channel, texts] = await Promise.all([
        tx.objectStore("channels").get([user, sel]),
        tx.objectStore("tuples").get([user, sel]),
      ]);
      if (channel === undefined || texts === undefined) return undefined;
      return { sel, position: channel.position, texts, size: channel.size };
    });
  }

  async cacheChannels(user: string, channels: readonly CachedChannel[]): Promise<void> {
    await this.#write(cacheStores, async (tx) => {
      const at = Date.now();
      for (const { sel, position, texts, size } of channels) {
        await tx.objectStore("channels").put({ user, sel, position, size, at });
        await tx.objectStore("tuples").put(texts, [user, sel]);
      }
      await dropOldest(tx);
    });
  }

  async dropChannel(user: string, sel: string): Promise<void> {
    await this.#write(cacheStores, (tx) => drop(tx, [user, sel]));
  }

  async dropChannels(): Promise<void> {
    await this.#write(cacheStores, async (tx) => {
      for (const store of cacheStores) await tx.objectStore(store).clear();
    });
  }

  async lease(name: string, tab: string, ms: number): Promise<boolean> {
    return this.#write(["leases"], async (tx) => {
      const lease = await tx.objectStore("leases").get(name);
      const now = Date.now();
      // A lease that ends later than any lease can was taken before the clock was set back.
      const isHeld = lease !== undefined && lease.until > now && lease.until < now + maxLeaseMs;
      if (isHeld && lease.tab !== tab) return false;
      if (ms > 0) await tx.objectStore("leases").put({ tab, until: now + ms }, name);
      else await tx.objectStore("leases").delete(name);
      return ms > 0;
    });
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    // A database that could not be opened needs no closing.
    this.#database?.then((database) => database.close()).catch(() => undefined);
  }

  #read<Name extends StoreName, Result>(
    stores: readonly Name[],
    work: (tx: IDBPTransaction<Schema, Name[]>) => Promise<Result>,
  ): Promise<Result> {
    return this.#withDatabase((database) => work(database.transaction([...stores])));
  }

  #write<Name extends StoreName, Result>(
    stores: readonly Name[],
    work: (tx: Writing<Name>) => Promise<Result>,
  ): Promise<Result> {
    return this.#withDatabase(async (database) => {
      // A pushed action has to survive a power failure.
      const tx = database.transaction([...stores], "readwrite", { durability: "strict" });
      const [done, worked] = await Promise.allSettled([tx.done, work(tx)]);
      // The transaction's error says more than that of the aborted request.
      if (done.status === "rejected") throw done.reason;
      if (worked.status === "rejected") throw worked.reason;
      return worked.value;
    });
  }

  /** Works with the database, and opens it again if the browser has closed it. */
  async #withDatabase<Result>(work: (database: Database) => Promise<Result>): Promise<Result> {
    try {
      return await work(await this.#open());
    } catch (error) {
      if (this.#isClosed || !hasErrorName(error, "InvalidStateError")) throw error;
      this.#database = undefined;
      return await work(await this.#open());
    }
  }

  #open(): Promise<Database> {
    this.#database ??= this.#openAny();
    const opening = this.#database;
    opening.catch(() => {
      if (this.#database === opening) this.#database = undefined;
    });
    return opening;
  }

  /** Opens the database in this version, or in its own newer one. */
  async #openAny(): Promise<Database> {
    try {
      return await this.#openVersion(version);
    } catch (error) {
      if (!hasErrorName(error, "VersionError")) throw error;
    }
    this.#outdated();
    const database = await this.#openVersion(undefined);
    if (storeNames.every((store) => database.objectStoreNames.contains(store))) return database;
    database.close();
    throw new PeekError(
      "CLIENT_STORAGE_UNAVAILABLE",
      "A newer version of the page stores its data elsewhere on the device. Reload the page to update it.",
    );
  }

  async #openVersion(wanted: number | undefined): Promise<Database> {
    const forget = (): void => {
      this.#database = undefined;
    };
    const database = await openDB<Schema>(this.#name, wanted, { upgrade: createStores, terminated: forget });
    database.addEventListener("versionchange", () => {
      // Another tab deletes or upgrades the database, and must not wait for this tab.
      forget();
      database.close();
    });
    return database;
  }
}

function createStores(database: Database): void {
  database.createObjectStore("device");
  database.createObjectStore("leases");
  database.createObjectStore("queues", { keyPath: "user" });
  database.createObjectStore("actions", { keyPath: "n" });
  database.createObjectStore("channels", { keyPath: ["user", "sel"] });
  database.createObjectStore("tuples");
}

/** Gives an action the next number of its lane. */
async function enqueued(
  tx: Writing<(typeof actionStores)[number]>,
  action: NewAction & { readonly n: number; readonly user: string },
): Promise<ActionRecord> {
  const { user } = action;
  const before = (await tx.objectStore("queues").get(user)) ?? {
    user,
    client: randomId(),
    lanes: new Map<string, number>(),
  };
  const { record, queue } = enqueue(action, before);
  await tx.objectStore("queues").put(queue);
  return record;
}

async function dropOldest(tx: Writing<(typeof cacheStores)[number]>): Promise<void> {
  const all = await tx.objectStore("channels").getAll();
  let count = all.length;
  let size = all.reduce((sum, channel) => sum + channel.size, 0);
  for (const channel of all.toSorted((one, other) => one.at - other.at)) {
    if (count <= maxCachedChannels && size <= maxCachedChars) return;
    await drop(tx, [channel.user, channel.sel]);
    count -= 1;
    size -= channel.size;
  }
}

async function drop(tx: Writing<(typeof cacheStores)[number]>, key: Schema["channels"]["key"]): Promise<void> {
  for (const store of cacheStores) await tx.objectStore(store).delete(key);
}
