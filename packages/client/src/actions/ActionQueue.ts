import type { ActionType } from "@peek/plugin-base/contracts";
import type { ClientMessage } from "@peek/live-protocol";
import type { PushedAction } from "../api.ts";
import { randomId } from "../randomId.ts";
import type { DeviceStorage } from "../storage/DeviceStorage.ts";
import type { ActionRecord, StorageBackend } from "../storage/StorageBackend.ts";
import { isClaimable } from "../storage/assignSequence.ts";
import { userHash } from "../storage/userHash.ts";
import type { FinalOutcome, TabMessage } from "../tabs/TabMessage.ts";
import { TabBroadcast } from "../tabs/TabBroadcast.ts";
import { LeaderElection } from "../tabs/LeaderElection.ts";
import { encodeAction } from "./encodeAction.ts";
import { ActionRecorder } from "./ActionRecorder.ts";
import { PendingActions } from "./PendingActions.ts";
import { ActionSender } from "./ActionSender.ts";
import type { OptimisticUpdates } from "./OptimisticUpdates.ts";
import { ActionResults } from "./ActionResults.ts";

/** What the actions need of the client. */
export interface ActionQueueHost {
  readonly isOpen: boolean;
  /** Whether there is a connection, and nothing to doubt that the service is at its other end. */
  readonly isHeard: boolean;
  send(message: ClientMessage): void;
}

/** The actions of this device: kept, sent by one of its tabs, and followed by all of them. */
export class ActionQueue implements Disposable {
  readonly list: PendingActions;
  readonly #name: string;
  readonly #host: ActionQueueHost;
  readonly #device: DeviceStorage;
  readonly #forecast: OptimisticUpdates;
  readonly #tab = randomId();
  readonly #results = new ActionResults();
  /** Is to be told of what the service says of actions. */
  readonly sender: ActionSender;
  readonly #keeper: ActionRecorder;
  #tabs: TabBroadcast | undefined;
  #turn: LeaderElection | undefined;
  /** The user as whom the service knows this page. */
  #user: string | undefined;
  /** The actions that some tab has sent since this one is there. */
  readonly #everSent = new Set<number>();
  #reading: Promise<void> = Promise.resolve();
  /** What other tabs say while the device is read; undefined while it is not. */
  #unheard: TabMessage[] | undefined;
  #isClosed = false;

  constructor(name: string, host: ActionQueueHost, device: DeviceStorage, forecast: OptimisticUpdates) {
    this.#name = name;
    this.#host = host;
    this.#device = device;
    this.#forecast = forecast;
    this.#keeper = new ActionRecorder(device, this.#tab, (record) => this.#kept(record));
    this.list = new PendingActions(this.#tab, () => this.#applyOptimistic());
    const maySend = (): boolean => this.#host.isHeard && this.#turn?.isOurs === true;
    this.sender = new ActionSender(this.list, {
      get maySend() {
        return maySend();
      },
      send: (message) => this.#host.send(message),
      watchOf: (type) => this.#forecast.watchOf(type),
      settle: (record, outcome, watch) => this.#settle(record, outcome, watch),
      sent: (ns) => {
        this.#sent(ns);
        this.#tabs?.tell({ t: "sent", ns: [...ns] });
      },
    });
  }

  /**
   * Begins with what the device has.
   *
   * @param shown The user whose actions are shown before the service answers.
   * @param supposed The mark of whom what is pushed until then is supposed to be of.
   */
  async begin(storage: StorageBackend, shown: string | undefined, supposed: string | undefined): Promise<void> {
    if (this.#isClosed) return;
    this.#keeper.begin(supposed);
    this.#tabs = new TabBroadcast(storage.isShared ? this.#name : undefined, (message) => this.#heard(message));
    this.#turn = new LeaderElection(storage, this.#tab, (isOurs) => void this.#turned(isOurs));
    this.list.user = shown;
    if (this.#user === undefined) await this.#read();
    else await this.opened(this.#user);
  }

  /** There is a connection, of a user. */
  async opened(user: string): Promise<void> {
    const isOther = this.#user !== undefined && this.#user !== user;
    if (isOther) this.#forecast.forget();
    this.#user = user;
    this.list.isHeard = true;
    if (this.#turn === undefined) return;
    await this.#adopt(user);
    if (isOther) {
      this.#results.leave("Another user has come", (n) => this.list.get(n)?.user !== user);
    }
    if (this.#host.isOpen && this.#user === user) this.#turn.take(`${this.#name}:${user}`);
  }

  /** Gives what was pushed without a user to the one who has come, in its place: before what is pushed from now on. */
  async #adopt(user: string): Promise<void> {
    const isNews = await this.#keeper.adopt(user);
    if (this.#isClosed) return;
    if (isNews) this.#tabs?.tell({ t: "reload" });
    this.list.user = user;
    await this.#read();
  }

  /** It is doubted that the service is there, or is no more: what was sent may not have come, and what is pushed now waits. */
  heard(): void {
    this.list.isHeard = this.#host.isHeard;
    this.sender.heard();
  }

  cut(): void {
    this.list.isHeard = false;
    this.#turn?.release();
    this.sender.cut();
  }

  async push<T, Input, Result>(
    type: ActionType<T, Input, Result, unknown>,
    action: Input,
    lane: string,
  ): Promise<PushedAction<Result>> {
    const body = encodeAction(type, action, lane);
    const at = new Date().toISOString();
    const record = await this.#keeper.keep({ id: randomId(), lane, type: type.name, body, at }, this.#user);
    const result = this.#results.of(record.n, type);
    // Whoever pushed it may not care.
    result.catch(() => undefined);
    if (this.#isClosed) this.#leave();
    const { isShared } = await this.#device.storage;
    return { id: record.id, durable: isShared, result };
  }

  async dismiss(id: string): Promise<void> {
    const record = this.list.byId(id);
    if (record === undefined) return;
    const { n, tab, error } = record;
    // One of another tab, or of a page before, may have been sent.
    const isUnsent = tab === this.#tab && !this.#everSent.has(n);
    if (error === undefined && !isUnsent) return;
    // From here on it is not sent, and what is read of it in between is old.
    this.list.remove(n);
    const msg = "The action was taken back before it was sent.";
    this.#results.settled(n, { kind: "rejected", code: "ACTION_REJECTED", msg, at: [] });
    const storage = await this.#device.storage;
    await storage.removeAction(n);
    this.#tabs?.tell({ t: "dismissed", n });
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    this.#keeper.begin(undefined);
    this.#turn?.[Symbol.dispose]();
    this.sender[Symbol.dispose]();
    this.#tabs?.[Symbol.dispose]();
    this.#leave();
    this.list.pending.release();
  }

  #leave(): void {
    this.#results.leave("The client was closed", () => true);
  }

  #sent(ns: readonly number[]): void {
    for (const n of ns) this.#everSent.add(n);
    this.list.sent(ns);
  }

  #kept(record: ActionRecord): void {
    this.#tabs?.tell({ t: "pushed", record });
    if (this.#isClosed || this.#results.has(record.n)) return;
    this.list.put(record);
    this.#pump();
  }

  #applyOptimistic(): void {
    this.#forecast.pending = this.list.unconfirmed;
  }

  async #turned(isOurs: boolean): Promise<void> {
    if (!isOurs) {
      this.sender.cut();
      return;
    }
    // What other tabs have pushed or settled may have been missed.
    await this.#read();
  }

  /** Sends; what cannot be sent before the device was read, after that. */
  #pump(): void {
    if (this.#turn?.isOurs === true && this.list.isIncomplete) void this.#read();
    else this.sender.pump();
  }

  /** Takes what the device has, and sends. */
  #read(): Promise<void> {
    const read = (): Promise<void> => this.#readOnce();
    this.#reading = this.#reading.then(read, read);
    return this.#reading;
  }

  async #readOnce(): Promise<void> {
    if (this.#isClosed) return;
    const unheard: TabMessage[] = [];
    this.#unheard = unheard;
    const storage = await this.#device.storage;
    const records = await storage.actions().catch(() => undefined);
    this.#unheard = undefined;
    if (this.#isClosed) return;
    if (records !== undefined) this.list.replace(records.flatMap((record) => this.#latest(record)));
    for (const message of unheard) this.#heard(message);
    this.sender.pump();
  }

  /** What is known of an action by now, of which the device has said something. */
  #latest(record: ActionRecord): readonly ActionRecord[] {
    if (record.error !== undefined || !this.#results.has(record.n)) return [record];
    const known = this.list.get(record.n);
    return known?.error === undefined ? [] : [known];
  }

  /** Writes the outcome down, and tells it. */
  async #settle(record: ActionRecord, outcome: FinalOutcome, watch: readonly string[]): Promise<void> {
    const storage = await this.#device.storage;
    // First: whoever pushed it in another tab is to know, though this one be closed before it is written.
    this.#tabs?.tell({ t: "settled", n: record.n, outcome: outcomeCopy(outcome), watch: [...watch] });
    // When it cannot be written, it is sent again some day, and the service answers the same.
    await (
      isShownRejected(outcome)
        ? storage.rejectAction(record.n, { code: outcome.code, message: outcome.msg })
        : storage.removeAction(record.n)
    ).catch(() => undefined);
    this.#settled(record.n, outcome, watch);
  }

  #settled(n: number, outcome: FinalOutcome, watch: readonly string[]): void {
    const record = this.list.get(n);
    if (record !== undefined) {
      this.#forecast.settled(record, outcome, watch);
      if (isShownRejected(outcome)) {
        this.list.put({ ...record, error: { code: outcome.code, message: outcome.msg } });
      } else this.list.remove(n);
    }
    this.#everSent.delete(n);
    this.#results.settled(n, outcome);
  }

  #heard(message: TabMessage): void {
    if (this.#unheard !== undefined) {
      this.#unheard.push(message);
      return;
    }
    switch (message.t) {
      case "pushed":
        this.#pushed(message.record);
        break;
      case "settled":
        this.#settled(message.n, message.outcome, message.watch);
        break;
      case "dismissed":
        this.list.remove(message.n);
        break;
      case "sent":
        if (this.#turn?.isOurs !== true) this.#sent(message.ns);
        break;
      case "reload":
        void this.#read();
        break;
      default:
        message satisfies never;
    }
  }

  /** Another tab has kept an action. */
  #pushed(record: ActionRecord): void {
    if (this.#results.has(record.n)) return;
    this.list.put(record);
    const user = this.#keeper.owner;
    // That tab may be gone before it learns whose it is.
    const isOurs =
      user !== undefined && record.supposed !== undefined && isClaimable(record, userHash(user), this.#tab);
    if (isOurs && record.user === undefined) void this.#adopt(user);
    else this.#pump();
  }
}

/** What was forgotten was executed, or rejected and dismissed. */
function isShownRejected(outcome: FinalOutcome): outcome is Extract<FinalOutcome, { readonly kind: "rejected" }> {
  return outcome.kind === "rejected" && outcome.code !== "ACTION_FORGOTTEN";
}

type Settled = Extract<TabMessage, { readonly t: "settled" }>;

function outcomeCopy(outcome: FinalOutcome): Settled["outcome"] {
  return { ...outcome, at: [...outcome.at] };
}
