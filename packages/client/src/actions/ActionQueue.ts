import type { ActionType } from "@peek/plugin-base/contracts";
import type { ClientMessage } from "@peek/live-protocol";
import type { PendingAction, PushedAction, Store } from "../api.ts";
import { randomId } from "../randomId.ts";
import type { DeviceStorage } from "../storage/DeviceStorage.ts";
import type { ActionRecord, StorageBackend } from "../storage/StorageBackend.ts";
import { isClaimable } from "../storage/isClaimable.ts";
import { userHash } from "../storage/userHash.ts";
import type { TabMessage } from "../tabs/TabMessage.ts";
import { TabSync } from "../tabs/TabSync.ts";
import { ActionRecorder } from "./ActionRecorder.ts";
import { ActionResults } from "./ActionResults.ts";
import { ActionSender } from "./ActionSender.ts";
import { encodeAction } from "./encodeAction.ts";
import { type FinalOutcome, isRejection } from "./FinalOutcome.ts";
import type { OptimisticUpdates } from "./OptimisticUpdates.ts";
import { KnownTypes } from "./KnownTypes.ts";
import { PendingActions } from "./PendingActions.ts";

/** The services of the client that the queue uses. */
export interface ActionQueueHost {
  /** Whether there is a connection. */
  isOpen(): boolean;
  /** Whether there is a connection whose service is not suspected. */
  isReachable(): boolean;
  readonly send: (message: ClientMessage) => void;
}

/** The offline queue of actions: stored on the device, sent by one of its tabs, followed by all. */
export class ActionQueue implements Disposable {
  /** Sends the queued actions; to be notified of the service's answers. */
  readonly sender: ActionSender;
  /** The types that the page uses. */
  readonly types: KnownTypes;
  readonly #name: string;
  readonly #host: ActionQueueHost;
  readonly #device: DeviceStorage;
  readonly #optimistic: OptimisticUpdates;
  readonly #tab = randomId();
  readonly #list: PendingActions;
  readonly #results = new ActionResults();
  readonly #recorder: ActionRecorder;
  /** Undefined before {@link begin}. */
  #sync: TabSync | undefined;
  /** The user that the service has named. */
  #user: string | undefined;
  /** The actions that any tab has sent since this one was opened. */
  readonly #everSent = new Set<number>();
  #isClosed = false;

  constructor(name: string, host: ActionQueueHost, device: DeviceStorage, optimistic: OptimisticUpdates) {
    this.#name = name;
    this.#host = host;
    this.#device = device;
    this.#optimistic = optimistic;
    this.#recorder = new ActionRecorder(device, this.#tab, (record) => this.#recorded(record));
    this.#list = new PendingActions(this.#tab, () => (optimistic.pending = this.#list.unconfirmed));
    // Actions of other versions wait for a page that can read them.
    this.types = new KnownTypes(() => this.sender.wake());
    this.sender = new ActionSender(this.#list, {
      maySend: () => host.isReachable() && this.#sync?.isLeader === true,
      send: host.send,
      fingerprintOf: (type) => this.types.fingerprintOf(type),
      affectedSelectors: (type) => optimistic.affectedSelectors(type),
      settle: (record, outcome, watch) => this.#settle(record, outcome, watch),
      sent: (ns) => {
        this.#sent(ns);
        this.#sync?.post({ t: "sent", ns: [...ns] });
      },
    });
  }

  get pending(): Store<readonly PendingAction[]> {
    return this.#list.pending;
  }

  /**
   * Begins with the actions that are on the device.
   *
   * @param shownUser The user whose actions are shown before the service answers.
   * @param supposed The hash of the user who is assumed to push actions until then.
   */
  async begin(storage: StorageBackend, shownUser: string | undefined, supposed: string | undefined): Promise<void> {
    if (this.#isClosed) return;
    this.#recorder.begin(supposed);
    this.#sync = new TabSync(this.#name, this.#tab, storage, {
      loaded: (records) => this.#list.replace(records.flatMap((record) => this.#latest(record))),
      received: (message) => this.#received(message),
      synced: () => this.sender.pump(),
      leadershipLost: () => this.sender.disconnected(),
    });
    this.#list.user = shownUser;
    if (this.#user === undefined) await this.#sync.load();
    else await this.connected(this.#user);
  }

  /** There is a connection. @param user The user that its service has named. */
  async connected(user: string): Promise<void> {
    const isOther = this.#user !== undefined && this.#user !== user;
    if (isOther) this.#optimistic.clear();
    this.#user = user;
    this.#list.isReachable = true;
    if (this.#sync === undefined) return;
    await this.#claim(user);
    if (isOther) {
      this.#results.abandon("Another user has logged in", (n) => this.#list.get(n)?.user !== user);
    }
    if (this.#host.isOpen() && this.#user === user) this.#sync.join(user);
  }

  /** The suspicion of the service has begun or ended. During it, sent actions may not have arrived, and new ones wait. */
  reachabilityChanged(): void {
    this.#list.isReachable = this.#host.isReachable();
    this.sender.reachabilityChanged();
  }

  disconnected(): void {
    this.#list.isReachable = false;
    this.#sync?.leave();
    this.sender.disconnected();
  }

  async push<T, Input, Result>(
    type: ActionType<T, Input, Result, unknown>,
    action: Input,
    lane: string,
  ): Promise<PushedAction<Result>> {
    const body = encodeAction(type, action, lane);
    this.types.add(type);
    const at = new Date().toISOString();
    const record = await this.#recorder.record({ id: randomId(), lane, type: type.name, body, at }, this.#user);
    const result = this.#results.of(record.n, type);
    // The caller may ignore the result.
    result.catch(() => undefined);
    if (this.#isClosed) this.#abandonResults();
    const { isShared } = await this.#device.backend;
    return { id: record.id, durable: isShared, result };
  }

  async dismiss(id: string): Promise<void> {
    const record = this.#list.byId(id);
    if (record === undefined) return;
    const { n, tab, error } = record;
    // An action of another tab, or of an earlier page, may have been sent.
    const isUnsent = tab === this.#tab && !this.#everSent.has(n);
    const isUnfit = this.#list.isUnfit(n);
    if (error === undefined && !isUnsent && !isUnfit) return;
    // First: from here on it is not sent, and records that are being read are out of date.
    this.#list.remove(n);
    // The later ones of its lane have waited for it.
    if (isUnfit) this.sender.wake();
    const msg = "The action was dismissed before it was sent.";
    this.#results.settled(n, { kind: "rejected", code: "ACTION_REJECTED", msg, at: [] });
    const storage = await this.#device.backend;
    await storage.removeAction(n);
    this.#sync?.post({ t: "dismissed", n });
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    this.#recorder.begin(undefined);
    this.#sync?.[Symbol.dispose]();
    this.sender[Symbol.dispose]();
    this.#abandonResults();
    this.#list.pending.release();
  }

  #abandonResults(): void {
    this.#results.abandon("The client was closed", () => true);
  }

  /** Assigns the actions that were pushed without a user to the one who has logged in, before those that follow. */
  async #claim(user: string): Promise<void> {
    const hasClaimed = await this.#recorder.claim(user);
    if (this.#isClosed) return;
    if (hasClaimed) this.#sync?.post({ t: "reload" });
    this.#list.user = user;
    await this.#sync?.load();
  }

  #sent(ns: readonly number[]): void {
    for (const n of ns) this.#everSent.add(n);
    this.#list.sent(ns);
  }

  #recorded(record: ActionRecord): void {
    this.#sync?.post({ t: "pushed", record });
    if (this.#isClosed || this.#results.has(record.n)) return;
    this.#list.put(record);
    this.#pump();
  }

  /** Sends the queued actions, after reading the device if an earlier one may be missing. */
  #pump(): void {
    if (this.#sync?.isLeader === true && this.#list.isIncomplete) void this.#sync.load();
    else this.sender.pump();
  }

  /** The record, or a later state of it that this tab knows already. */
  #latest(record: ActionRecord): readonly ActionRecord[] {
    if (record.error !== undefined || !this.#results.has(record.n)) return [record];
    const known = this.#list.get(record.n);
    return known?.error === undefined ? [] : [known];
  }

  /** Stores the outcome, and notifies all tabs. */
  async #settle(record: ActionRecord, outcome: FinalOutcome, watch: readonly string[]): Promise<void> {
    const storage = await this.#device.backend;
    // First: the tab that pushed it has to know, even if this tab is closed before the outcome is stored.
    this.#sync?.post({ t: "settled", n: record.n, outcome: { ...outcome, at: [...outcome.at] }, watch: [...watch] });
    // An action whose outcome cannot be stored is sent again later, and the service gives the same answer.
    await (
      isRejection(outcome)
        ? storage.rejectAction(record.n, { code: outcome.code, message: outcome.msg })
        : storage.removeAction(record.n)
    ).catch(() => undefined);
    this.#settled(record.n, outcome, watch);
  }

  #settled(n: number, outcome: FinalOutcome, watch: readonly string[]): void {
    const record = this.#list.get(n);
    if (record !== undefined) {
      this.#optimistic.settled(record, outcome, watch);
      if (isRejection(outcome)) {
        this.#list.put({ ...record, error: { code: outcome.code, message: outcome.msg } });
      } else this.#list.remove(n);
    }
    this.#everSent.delete(n);
    this.#results.settled(n, outcome);
  }

  #received(message: TabMessage): void {
    switch (message.t) {
      case "pushed":
        this.#pushedElsewhere(message.record);
        break;
      case "settled":
        this.#settled(message.n, message.outcome, message.watch);
        break;
      case "dismissed":
        this.#list.remove(message.n);
        break;
      case "sent":
        if (this.#sync?.isLeader !== true) this.#sent(message.ns);
        break;
      case "reload":
        void this.#sync?.load();
        break;
      default:
        message satisfies never;
    }
  }

  #pushedElsewhere(record: ActionRecord): void {
    if (this.#results.has(record.n)) return;
    this.#list.put(record);
    const user = this.#recorder.owner;
    // The other tab may be closed before it learns its user.
    const isOurs =
      user !== undefined && record.supposed !== undefined && isClaimable(record, userHash(user), this.#tab);
    if (isOurs && record.user === undefined) void this.#claim(user);
    else this.#pump();
  }
}
