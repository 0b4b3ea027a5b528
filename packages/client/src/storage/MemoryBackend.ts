import { randomId } from "../randomId.ts";
import { isClaimable } from "./isClaimable.ts";
import type { ActionRecord, StorageBackend, KnownUser, NewAction } from "./StorageBackend.ts";
import { enqueue, type UserQueue } from "./UserQueue.ts";
import { userHash } from "./userHash.ts";

/** A storage backend in the page's memory. It caches no channels: the page has their tuples anyway. */
export class MemoryBackend implements StorageBackend {
  readonly isShared = false;
  readonly #actions = new Map<number, ActionRecord>();
  readonly #queues = new Map<string, UserQueue>();
  #user: KnownUser | undefined;
  #last = 0;

  async lastUser(): Promise<KnownUser | undefined> {
    return this.#user;
  }

  async setLastUser(user: KnownUser | undefined): Promise<void> {
    this.#user = user;
  }

  async addAction(action: NewAction): Promise<ActionRecord> {
    this.#last += 1;
    return this.#put({ ...action, n: this.#last });
  }

  async actions(): Promise<readonly ActionRecord[]> {
    return [...this.#actions.values()];
  }

  async claimActions(user: string, tab: string): Promise<boolean> {
    const hash = userHash(user);
    const claimed = [...this.#actions.values()].filter((action) => isClaimable(action, hash, tab));
    for (const action of claimed) this.#put({ ...action, user });
    return claimed.length > 0;
  }

  async removeAction(n: number): Promise<void> {
    this.#actions.delete(n);
  }

  async rejectAction(n: number, error: NonNullable<ActionRecord["error"]>): Promise<void> {
    const action = this.#actions.get(n);
    if (action !== undefined) this.#actions.set(n, { ...action, error });
  }

  async cachedChannel(): Promise<undefined> {
    return undefined;
  }

  async cacheChannels(): Promise<void> {}
  async dropChannel(): Promise<void> {}
  async dropChannels(): Promise<void> {}

  async lease(): Promise<boolean> {
    return true;
  }

  [Symbol.dispose](): void {
    this.#actions.clear();
  }

  #put(action: NewAction & { readonly n: number }): ActionRecord {
    const { user } = action;
    let record: ActionRecord = { ...action, client: "", seq: 0 };
    if (user !== undefined) {
      const queue = this.#queues.get(user) ?? { user, client: randomId(), lanes: new Map() };
      const numbered = enqueue({ ...action, user }, queue);
      this.#queues.set(user, numbered.queue);
      record = numbered.record;
    }
    this.#actions.set(record.n, record);
    return record;
  }
}
