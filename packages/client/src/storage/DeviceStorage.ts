import { messageOf, PeekError } from "@peek/errors";
import type { DeviceStorageState } from "../api.ts";
import { ObservableValue } from "../ObservableValue.ts";
import { hasErrorName } from "../hasErrorName.ts";
import type { ActionRecord, StorageBackend, CachedChannel, NewAction } from "./StorageBackend.ts";
import { IndexedDbBackend } from "./IndexedDbBackend.ts";
import { MemoryBackend } from "./MemoryBackend.ts";

/** How long a database may take to open before the page does without. */
const openMs = 5000;
/** How long nothing is kept of channels after the storage was full. */
const fullMs = 60_000;

/** The storage of the device, and how it is. */
export class DeviceStorage implements Disposable {
  readonly state = new ObservableValue<DeviceStorageState>("opening");
  /** Never rejects. */
  readonly storage: Promise<StorageBackend>;
  #keepAgainAt = 0;
  #isFull = false;
  #isOutdated = false;
  #isClosed = false;

  /** @param name What keeps apart several of one origin. */
  constructor(name: string, wanted: "device" | "memory") {
    this.storage = this.#open(name, wanted);
  }

  /** @throws PeekError `CLIENT_STORAGE_UNAVAILABLE`: it is not kept. */
  async addAction(action: NewAction): Promise<ActionRecord> {
    const storage = await this.storage;
    try {
      const record = await this.#makingRoom(storage, () => storage.addAction(action));
      if (performance.now() >= this.#keepAgainAt) this.#roomy(storage);
      return record;
    } catch (cause) {
      const why = `The action ${action.type} was not pushed: this device cannot keep it (${messageOf(cause)}).`;
      const cure = isFull(cause) ? "Make room on the device" : "Reload the page";
      throw new PeekError("CLIENT_STORAGE_UNAVAILABLE", `${why} ${cure}, then push it again.`, { cause });
    }
  }

  /** Keeps what can be kept. */
  async cacheChannels(user: string, channels: readonly CachedChannel[]): Promise<void> {
    if (performance.now() < this.#keepAgainAt) return;
    const storage = await this.storage;
    try {
      await storage.cacheChannels(user, channels);
      this.#roomy(storage);
    } catch (error) {
      if (isFull(error)) await this.#full(storage);
    }
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    void this.storage.then((storage) => storage[Symbol.dispose]());
  }

  #roomy(storage: StorageBackend): void {
    this.#isFull = false;
    this.#tell(storage.isShared ? "device" : "memory");
  }

  /** @param storage Where things are kept. */
  #tell(storage: "device" | "memory"): void {
    if (!this.#isClosed) this.state.set(this.#isFull ? "full" : this.#isOutdated ? "outdated" : storage);
  }

  async #makingRoom<Result>(storage: StorageBackend, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      if (!isFull(error)) throw error;
      await this.#full(storage);
      return await work();
    }
  }

  async #full(storage: StorageBackend): Promise<void> {
    this.#keepAgainAt = performance.now() + fullMs;
    this.#isFull = true;
    this.#tell("device");
    // They come again from the service; what was pressed does not.
    await storage.dropChannels().catch(() => undefined);
  }

  async #open(name: string, wanted: "device" | "memory"): Promise<StorageBackend> {
    const outdated = (): void => {
      this.#isOutdated = true;
      this.#tell("device");
    };
    const storage = wanted === "device" && hasDatabases() ? await openIdb(name, outdated) : undefined;
    this.#tell(storage === undefined ? "memory" : "device");
    return storage ?? new MemoryBackend();
  }
}

async function openIdb(name: string, outdated: () => void): Promise<StorageBackend | undefined> {
  const late = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => late.resolve(undefined), openMs);
  const opening = IndexedDbBackend.open(name, outdated);
  try {
    return await Promise.race([opening, late.promise]);
  } catch {
    // A private mode of some browsers.
    return undefined;
  } finally {
    clearTimeout(timer);
    // One that opens too late is not used.
    void late.promise.then(() => opening.then((storage) => storage[Symbol.dispose]()).catch(() => undefined));
  }
}

function isFull(error: unknown): boolean {
  return hasErrorName(error, "QuotaExceededError");
}

/** Whether the browser has databases. Where a page may not use them, asking for them can be an error already. */
function hasDatabases(): boolean {
  try {
    return typeof indexedDB === "object";
  } catch {
    return false;
  }
}
