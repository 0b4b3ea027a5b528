import type { ActionRecord, StorageBackend } from "../storage/StorageBackend.ts";
import { LeaderElection } from "./LeaderElection.ts";
import { TabBroadcast } from "./TabBroadcast.ts";
import type { TabMessage } from "./TabMessage.ts";

/** The owner of the actions that are synchronized. */
export interface TabSyncListener {
  /** The device was read. */
  loaded(records: readonly ActionRecord[]): void;
  /** Another tab has sent a message. */
  received(message: TabMessage): void;
  /** All messages that came while the device was read are received. */
  synced(): void;
  /** This tab is not the leader any more. */
  leadershipLost(): void;
}

/** Synchronizes the actions of a tab with the device and the other tabs. One of the tabs is the leader, which sends the actions. */
export class TabSync implements Disposable {
  readonly #name: string;
  readonly #storage: StorageBackend;
  readonly #listener: TabSyncListener;
  readonly #broadcast: TabBroadcast;
  readonly #election: LeaderElection;
  #loading: Promise<void> = Promise.resolve();
  /** The messages that came while the device was read; undefined while it is not. */
  #held: TabMessage[] | undefined;
  #isClosed = false;

  /** @param name The same in all tabs. @param tab The id of this tab. */
  constructor(name: string, tab: string, storage: StorageBackend, listener: TabSyncListener) {
    this.#name = name;
    this.#storage = storage;
    this.#listener = listener;
    this.#broadcast = new TabBroadcast(storage.isShared ? name : undefined, (message) => {
      if (this.#held === undefined) listener.received(message);
      else this.#held.push(message);
    });
    this.#election = new LeaderElection(storage, tab, (isLeader) => {
      // As a follower, it may have missed messages.
      if (isLeader) void this.load();
      else listener.leadershipLost();
    });
  }

  get isLeader(): boolean {
    return this.#election.isLeader;
  }

  /** Takes part in the election for the actions of a user. */
  join(user: string): void {
    this.#election.join(`${this.#name}:${user}`);
  }

  leave(): void {
    this.#election.leave();
  }

  post(message: TabMessage): void {
    this.#broadcast.post(message);
  }

  /** Reads the device. */
  load(): Promise<void> {
    const load = (): Promise<void> => this.#load();
    this.#loading = this.#loading.then(load, load);
    return this.#loading;
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    this.#election[Symbol.dispose]();
    this.#broadcast[Symbol.dispose]();
  }

  async #load(): Promise<void> {
    if (this.#isClosed) return;
    const held: TabMessage[] = [];
    this.#held = held;
    const records = await this.#storage.actions().catch(() => undefined);
    this.#held = undefined;
    if (this.#isClosed) return;
    if (records !== undefined) this.#listener.loaded(records);
    for (const message of held) this.#listener.received(message);
    this.#listener.synced();
  }
}
