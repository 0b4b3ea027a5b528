import { PeekError } from "@peek/errors";
import { type DBSchema, type IDBPDatabase, type IDBPTransaction, openDB, type StoreNames } from "idb";
import { hasErrorName } from "../hasErrorName.ts";
import { randomId } from "../randomId.ts";
import type { Position } from "@peek/live-protocol";
import type { ActionRecord, StorageBackend, CachedChannel, KnownUser, NewAction } from "./StorageBackend.ts";
import { isClaimable, assignSequence, type QueueRecord } from "./assignSequence.ts";
import { userHash } from "./userHash.ts";

/** Of the database. A later one may add stores and fields; what is here keeps its meaning, so that pages of this version go on. */
const version = 1;
/** How many channels are kept, of all users. */
const maxChannels = 200;
/** How long their tuples may be together, in characters. */
const maxSize = 50_000_000;

interface Schema extends DBSchema {
  /** One record. */
  device: { key: number; value: { readonly last: number; readonly user?: KnownUser } };
  leases: { key: string; value: { readonly tab: string; readonly until: number } };
  queues: { key: string; value: QueueRecord };
  actions: { key: number; value: ActionRecord };
  /** What there is to know of channels without reading their tuples. */
  channels: {
    key: [string, string];
    value: {
      readonly user: string;
      readonly sel: string;
      readonly position: Position;
      readonly size: number;
      readonly at: number;
    };
  };
  tuples: { key: [string, string]; value: readonly string[] };
}

const stores = ["device", "leases", "queues", "actions", "channels", "tuples"] as const;

type Names = StoreNames<Schema>;
type Changing<Stores extends Names[]> = IDBPTransaction<Schema, Stores, "readwrite">;

/** Keeps things in a database of the browser. */
export class IndexedDbBackend implements StorageBackend {
  readonly isShared = true;
  readonly #name: string;
  readonly #outdated: () => void;
  #database: Promise<IDBPDatabase<Schema>> | undefined;
  #isClosed = false;

  private constructor(name: string, outdated: () => void) {
    this.#name = name;
    this.#outdated = outdated;
  }

  /**
   * @param outdated Called when the database is of a newer version of the page.
   * @throws Whatever the browser has against it; PeekError `CLIENT_STORAGE_UNAVAILABLE` where a newer version keeps things elsewhere.
   */
  static async open(name: string, outdated: () => void): Promise<IndexedDbBackend> {
    const storage = new IndexedDbBackend(name, outdated);
    await storage.#open();
    return storage;
  }

  async lastUser(): Promise<KnownUser | undefined> {
    return this.#do(async (database) => (await database.get("device", 0))?.user);
  }

  async setLastUser(user: KnownUser | undefined): Promise<void> {
    await this.#change(["device"], async (tx) => {
      const device = tx.objectStore("device");
      const last = (await device.get(0))?.last ?? Date.now();
      await device.put({ last, ...(user !== undefined && { user }) }, 0);
    });
  }

  async addAction(action: NewAction): Promise<ActionRecord> {
    return this.#change(["device", "queues", "actions"], async (tx) => {
      const device = tx.objectStore("device");
      const before = await device.get(0);
      // Other tabs may remember those before the user has cleared the device.
      const n = (before?.last ?? Date.now()) + 1;
      await device.put({ ...before, last: n }, 0);
      const { user } = action;
      const record =
        user === undefined ? { ...action, n, client: "", seq: 0 } : await this.#number(tx, { ...action, n, user });
      await tx.objectStore("actions").put(record);
      return record;
    });
  }

  async actions(): Promise<readonly ActionRecord[]> {
    return this.#do((database) => database.getAll("actions"));
  }

  async adopt(user: string, tab: string): Promise<boolean> {
    const mark = userHash(user);
    return this.#change(["device", "queues", "actions"], async (tx) => {
      const actions = tx.objectStore("actions");
      const adopted = (await actions.getAll()).filter((action) => isClaimable(action, mark, tab));
      for (const action of adopted) await actions.put(await this.#number(tx, { ...action, user }));
      return adopted.length > 0;
    });
  }

  async removeAction(n: number): Promise<void> {
    await this.#change(["actions"], (tx) => tx.objectStore("actions").delete(n));
  }

  async rejectAction(n: number, error: NonNullable<ActionRecord["error"]>): Promise<void> {
    await this.#change(["actions"], async (tx) => {
      const action = await tx.objectStore("actions").get(n);
      if (action !== undefined) await tx.objectStore("actions").put({ ...action, error });
    });
  }

  async channel(user: string, sel: string): Promise<CachedChannel | undefined> {
    return this.#do(async (database) => {
      const tx = database.transaction(["channels", "tuples"]);
      const [channel, texts] = await Promise.all([
        tx.objectStore("channels").get([user, sel]),
        tx.objectStore("tuples").get([user, sel]),
      ]);
      if (channel === undefined || texts === undefined) return undefined;
      return { sel, position: channel.position, texts, size: channel.size };
    });
  }

  async cacheChannels(user: string, channels: readonly CachedChannel[]): Promise<void> {
    await this.#change(["channels", "tuples"], async (tx) => {
      const at = Date.now();
      for (const { sel, position, texts, size } of channels) {
        await tx.objectStore("channels").put({ user, sel, position, size, at });
        await tx.objectStore("tuples").put(texts, [user, sel]);
      }
      await dropOldest(tx);
    });
  }

  async dropChannel(user: string, sel: string): Promise<void> {
    await this.#change(["channels", "tuples"], async (tx) => {
      await tx.objectStore("channels").delete([user, sel]);
      await tx.objectStore("tuples").delete([user, sel]);
    });
  }

  async dropChannels(): Promise<void> {
    await this.#change(["channels", "tuples"], async (tx) => {
      await tx.objectStore("channels").clear();
      await tx.objectStore("tuples").clear();
    });
  }

  async lease(name: string, tab: string, ms: number): Promise<boolean> {
    return this.#change(["leases"], async (tx) => {
      const leases = tx.objectStore("leases");
      const lease = await leases.get(name);
      const now = Date.now();
      // One that ends later than it could have been taken for is of a clock that was set back since.
      const isHeld = lease !== undefined && lease.until > now && lease.until < now + 60_000;
      if (isHeld && lease.tab !== tab) return false;
      if (ms > 0) await leases.put({ tab, until: now + ms }, name);
      else await leases.delete(name);
      return ms > 0;
    });
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    // One that could not be opened has nothing to close.
    this.#database?.then((database) => database.close()).catch(() => undefined);
  }

  async #number(
    tx: Changing<["device", "queues", "actions"]>,
    action: NewAction & { readonly n: number; readonly user: string },
  ): Promise<ActionRecord> {
    const queues = tx.objectStore("queues");
    const { user } = action;
    const { record, queue } = assignSequence(
      action,
      (await queues.get(user)) ?? { user, client: randomId(), lanes: new Map() },
    );
    await queues.put(queue);
    return record;
  }

  #change<Stores extends Names[], Result>(
    stores: [...Stores],
    work: (tx: Changing<Stores>) => Promise<Result>,
  ): Promise<Result> {
    return this.#do(async (database) => {
      // What was pressed must be there after the power was cut, too.
      const tx = database.transaction<Stores, "readwrite">(stores, "readwrite", { durability: "strict" });
      const [done, worked] = await Promise.allSettled([tx.done, work(tx)]);
      // Why it was aborted says more than that it was.
      if (done.status === "rejected") throw done.reason;
      if (worked.status === "rejected") throw worked.reason;
      return worked.value;
    });
  }

  /** Browsers close databases when they like: it is opened again. */
  async #do<Result>(work: (database: IDBPDatabase<Schema>) => Promise<Result>): Promise<Result> {
    try {
      return await work(await this.#open());
    } catch (error) {
      if (this.#isClosed || !hasErrorName(error, "InvalidStateError")) throw error;
      this.#database = undefined;
      return await work(await this.#open());
    }
  }

  #open(): Promise<IDBPDatabase<Schema>> {
    this.#database ??= this.#openAny();
    const opening = this.#database;
    opening.catch(() => {
      if (this.#database === opening) this.#database = undefined;
    });
    return opening;
  }

  /** Opens it in this version, or in the newer one that it has. */
  async #openAny(): Promise<IDBPDatabase<Schema>> {
    try {
      return await this.#openIn(version);
    } catch (error) {
      if (!hasErrorName(error, "VersionError")) throw error;
    }
    this.#outdated();
    const database = await this.#openIn(undefined);
    if (stores.every((store) => database.objectStoreNames.contains(store))) return database;
    database.close();
    throw new PeekError(
      "CLIENT_STORAGE_UNAVAILABLE",
      "A newer version of the page has changed what the device keeps. Reload the page to update it.",
    );
  }

  #openIn(wanted: number | undefined): Promise<IDBPDatabase<Schema>> {
    return openDB<Schema>(this.#name, wanted, {
      upgrade: (database) => {
        database.createObjectStore("device");
        database.createObjectStore("leases");
        database.createObjectStore("queues", { keyPath: "user" });
        database.createObjectStore("actions", { keyPath: "n" });
        database.createObjectStore("channels", { keyPath: ["user", "sel"] });
        database.createObjectStore("tuples");
      },
      // Another tab wants to delete it, or has a newer version of it: it must not wait for this one.
      blocking: (_current, _blocked, event) => {
        this.#database = undefined;
        (event.target as IDBDatabase).close();
      },
      terminated: () => {
        this.#database = undefined;
      },
    });
  }
}

async function dropOldest(tx: Changing<["channels", "tuples"]>): Promise<void> {
  const all = await tx.objectStore("channels").getAll();
  let count = all.length;
  let size = all.reduce((sum, channel) => sum + channel.size, 0);
  for (const channel of all.sort((one, other) => one.at - other.at)) {
    if (count <= maxChannels && size <= maxSize) return;
    await tx.objectStore("channels").delete([channel.user, channel.sel]);
    await tx.objectStore("tuples").delete([channel.user, channel.sel]);
    count -= 1;
    size -= channel.size;
  }
}
