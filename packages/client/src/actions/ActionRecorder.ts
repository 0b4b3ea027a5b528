import type { DeviceStorage } from "../storage/DeviceStorage.ts";
import type { ActionRecord, NewAction } from "../storage/StorageBackend.ts";
import { userHash } from "../storage/userHash.ts";

type ActionToStore = Omit<NewAction, "user" | "supposed" | "tab">;

/** Stores the actions of a tab on the device in the order in which they are pushed, before and after the user is known. */
export class ActionRecorder {
  readonly #device: DeviceStorage;
  readonly #tab: string;
  readonly #recorded: (record: ActionRecord) => void;
  readonly #begun = Promise.withResolvers<void>();
  #queue: Promise<unknown> = Promise.resolve();
  #supposed: string | undefined;
  #owner: string | undefined;

  /** @param recorded Called with each stored action. */
  constructor(device: DeviceStorage, tab: string, recorded: (record: ActionRecord) => void) {
    this.#device = device;
    this.#tab = tab;
    this.#recorded = recorded;
  }

  /** The user to whom all earlier actions of the tab are assigned; later ones get this user at once. */
  get owner(): string | undefined {
    return this.#owner;
  }

  /** Begins to store. @param supposed The hash of the user who is assumed to use the tab. */
  begin(supposed: string | undefined): void {
    this.#supposed = supposed;
    this.#begun.resolve();
  }

  /**
   * Stores an action.
   *
   * @param user The user who was known when it was pushed.
   * @throws PeekError `CLIENT_STORAGE_UNAVAILABLE`
   */
  async record(action: ActionToStore, user: string | undefined): Promise<ActionRecord> {
    const recording = this.#queue.then(() => this.#record(action, user));
    this.#queue = recording.catch(() => undefined);
    return recording;
  }

  /** Assigns actions without a user to the one who has logged in. @returns Whether there were any. */
  async claim(user: string): Promise<boolean> {
    const claiming = this.#queue.then(() => this.#claim(user));
    this.#queue = claiming;
    return claiming;
  }

  async #record(action: ActionToStore, user: string | undefined): Promise<ActionRecord> {
    await this.#begun.promise;
    const supposed = user === undefined ? this.#supposed : userHash(user);
    // Until the earlier actions are assigned to the user, this one must not come before them.
    const owner = user !== undefined && user === this.#owner ? { user } : supposed !== undefined && { supposed };
    const record = await this.#device.addAction({ ...action, ...owner, tab: this.#tab });
    this.#recorded(record);
    return record;
  }

  async #claim(user: string): Promise<boolean> {
    const storage = await this.#device.backend;
    const hasClaimed = await storage.claimActions(user, this.#tab).catch(() => false);
    this.#owner = user;
    return hasClaimed;
  }
}
