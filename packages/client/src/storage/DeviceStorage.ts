import { messageOf, PeekError } from "@peek/errors";
import type { DeviceStorageState } from "../api.ts";
import { hasErrorName } from "../hasErrorName.ts";
import { ObservableValue } from "../ObservableValue.ts";
import { IndexedDbBackend } from "./IndexedDbBackend.ts";
import { MemoryBackend } from "./MemoryBackend.ts";
import type { ActionRecord, CachedChannel, NewAction, StorageBackend } from "./StorageBackend.ts";

/** After this time without an opened database, the page uses memory. */
const openTimeoutMs = 5000;
/** For how long channels are not cached after the device's storage was full. */
const fullMs = 60_000;

/** Chooses the storage backend, makes room when the device is full, and publishes the state of the storage. */
export class DeviceStorage implements Disposable {
  readonly state = new ObservableValue<DeviceStorageState>("opening");
  /** Never rejects. */
  readonly backend: Promise<StorageBackend>;
  #cacheAgainAt = 0;
  #isFull = false;
  #isOutdated = false;
  #isClosed = false;

  /** @param name Of the database: keeps the data of several clients of one origin apart. */
  constructor(name: string, wanted: "device" | "memory") {
    this.backend = this.#open(name, wanted);
  }

  /** @throws PeekError `CLIENT_STORAGE_UNAVAILABLE`: the action is not stored. */
  async addAction(action: NewAction): Promise<ActionRecord> {
    const backend = await this.backend;
    try {
      const record = await this.#withRoom(backend, () => backend.addAction(action));
      if (performance.now() >= this.#cacheAgainAt) this.#hasRoom(backend);
      return record;
    } catch (cause) {
      const why = `The action ${action.type} was not pushed: this device cannot store it (${messageOf(cause)}).`;
      const cure = isFull(cause) ? "Free space on the device" : "Reload the page";
      throw new PeekError("CLIENT_STORAGE_UNAVAILABLE", `${why} ${cure}, then push it again.`, { cause });
    }
  }

  /** Caches channels if the device can. */
  async cacheChannels(user: string, channels: readonly CachedChannel[]): Promise<void> {
    if (performance.now() < this.#cacheAgainAt) return;
    const backend = await this.backend;
    try {
      await backend.cacheChannels(user, channels);
      this.#hasRoom(backend);
    } catch (error) {
      if (isFull(error)) await this.#makeRoom(backend);
    }
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    void this.backend.then((backend) => backend[Symbol.dispose]());
  }

  #hasRoom(backend: StorageBackend): void {
    this.#isFull = false;
    this.#publish(backend.isShared ? "device" : "memory");
  }

  #publish(used: "device" | "memory"): void {
    if (!this.#isClosed) this.state.set(this.#isFull ? "full" : this.#isOutdated ? "outdated" : used);
  }

  async #withRoom<Result>(backend: StorageBackend, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      if (!isFull(error)) throw error;
      await this.#makeRoom(backend);
      return await work();
    }
  }

  async #makeRoom(backend: StorageBackend): Promise<void> {
    this.#cacheAgainAt = performance.now() + fullMs;
    this.#isFull = true;
    this.#publish("device");
    // The service can send the channels again; nobody can push the actions again.
    await backend.dropChannels().catch(() => undefined);
  }

  async #open(name: string, wanted: "device" | "memory"): Promise<StorageBackend> {
    const outdated = (): void => {
      this.#isOutdated = true;
      this.#publish("device");
    };
    const database = wanted === "device" && hasIndexedDb() ? await openDatabase(name, outdated) : undefined;
    this.#publish(database === undefined ? "memory" : "device");
    return database ?? new MemoryBackend();
  }
}

async function openDatabase(name: string, outdated: () => void): Promise<StorageBackend | undefined> {
  const timeout = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => timeout.resolve(undefined), openTimeoutMs);
  const opening = IndexedDbBackend.open(name, outdated);
  try {
    return await Promise.race([opening, timeout.promise]);
  } catch {
    // Some browsers have no databases in their private mode.
    return undefined;
  } finally {
    clearTimeout(timer);
    // A database that opens after the timeout is closed.
    void timeout.promise.then(() => opening.then((database) => database[Symbol.dispose]()).catch(() => undefined));
  }
}

function isFull(error: unknown): boolean {
  return hasErrorName(error, "QuotaExceededError");
}

/** Whether the browser has IndexedDB. Where a page may not use it, reading the global can throw. */
function hasIndexedDb(): boolean {
  try {
    return typeof indexedDB === "object";
  } catch {
    return false;
  }
}
