import type { DeviceStorage } from "../storage/DeviceStorage.ts";
import type { ActionRecord, NewAction } from "../storage/StorageBackend.ts";
import { userHash } from "../storage/userHash.ts";

/** Has the device keep what is pushed in a tab, in the order in which it is pushed, before and after it is known by whom. */
export class ActionRecorder {
  readonly #device: DeviceStorage;
  readonly #tab: string;
  readonly #kept: (record: ActionRecord) => void;
  readonly #begun = Promise.withResolvers<void>();
  #queue: Promise<unknown> = Promise.resolve();
  #supposed: string | undefined;
  #owner: string | undefined;

  /** @param kept Called with each action that the device has now. */
  constructor(device: DeviceStorage, tab: string, kept: (record: ActionRecord) => void) {
    this.#device = device;
    this.#tab = tab;
    this.#kept = kept;
  }

  /** The user who has got all that was pushed before; what is pushed from then on comes after it. */
  get owner(): string | undefined {
    return this.#owner;
  }

  /** Nothing is kept before. @param supposed The mark of whom the tab is supposed to be of, when that is known. */
  begin(supposed: string | undefined): void {
    this.#supposed = supposed;
    this.#begun.resolve();
  }

  /**
   * Keeps an action.
   *
   * @param user Who was known to be there when it was pushed.
   * @throws PeekError `CLIENT_STORAGE_UNAVAILABLE`
   */
  async keep(action: Omit<NewAction, "user" | "supposed" | "tab">, user: string | undefined): Promise<ActionRecord> {
    const keeping = this.#queue.then(() => this.#keep(action, user));
    this.#queue = keeping.catch(() => undefined);
    return keeping;
  }

  /** Gives what was pushed without a user to the one who has come. @returns Whether there was any. */
  async adopt(user: string): Promise<boolean> {
    const adopting = this.#queue.then(() => this.#adopt(user));
    this.#queue = adopting;
    return adopting;
  }

  async #keep(action: Omit<NewAction, "user" | "supposed" | "tab">, user: string | undefined): Promise<ActionRecord> {
    await this.#begun.promise;
    const supposed = user === undefined ? this.#supposed : userHash(user);
    // Until the user has got what was pushed before, it is one of those.
    const whose = user !== undefined && user === this.#owner ? { user } : supposed !== undefined && { supposed };
    const record = await this.#device.addAction({ ...action, ...whose, tab: this.#tab });
    this.#kept(record);
    return record;
  }

  async #adopt(user: string): Promise<boolean> {
    const storage = await this.#device.storage;
    const isNews = await storage.adopt(user, this.#tab).catch(() => false);
    this.#owner = user;
    return isNews;
  }
}
