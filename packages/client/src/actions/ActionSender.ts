import type { ActionOutcomeMessage, ClientMessage } from "@peek/live-protocol";
import type { ActionRecord } from "../storage/StorageBackend.ts";
import type { FinalOutcome } from "../tabs/TabMessage.ts";
import type { PendingActions } from "./PendingActions.ts";
import { SendWindow } from "./SendWindow.ts";
import { laneKey } from "./laneKey.ts";

/** How many actions are with the service at a time, of all lanes. */
const maxUnderWay = 48;
/** Bounds of what the service may have us wait; milliseconds. */
const shortestHoldMs = 20;
const longestHoldMs = 60_000;
/** How long an action waits that comes too early though there is nothing before it. */
const earlyMs = 1000;
/** How often it is looked whether an action still has to wait for what is about to be watched; milliseconds. */
const lookMs = 250;
/** Smaller ones are not what a service finds too large; characters. */
const minTooLarge = 16_000;

/** What the sender needs of the client. */
export interface SenderHost {
  /** Whether this tab is connected, with nothing to doubt that the service is there, and the one that sends. */
  readonly maySend: boolean;
  send(message: ClientMessage): void;
  /** The selectors whose positions matter to actions of a type; at most 16. Undefined: it will be known in a moment. */
  watchOf(type: string): readonly string[] | undefined;
  /** Has the device know the outcome, and tells everybody; after that the action is not in the list as unanswered. */
  settle(record: ActionRecord, outcome: FinalOutcome, watch: readonly string[]): Promise<void>;
  /** Which are with the service has changed. */
  sent(ns: readonly number[]): void;
}

interface Attempt {
  readonly record: ActionRecord;
  readonly watch: readonly string[];
}

/** Sends the actions of the list, those of a lane in their order, until each is answered. */
export class ActionSender implements Disposable {
  readonly #list: PendingActions;
  readonly #host: SenderHost;
  readonly #lanes = new Map<string, SendWindow>();
  /** What is with the service on this connection, by our number of the attempt. */
  readonly #attempts = new Map<number, Attempt>();
  /** The actions that are with the service, or answered and about to be written down: these are not sent. */
  readonly #underWay = new Set<number>();
  #looking: ReturnType<typeof setTimeout> | undefined;
  #lastId = 0;

  constructor(list: PendingActions, host: SenderHost) {
    this.#list = list;
    this.#host = host;
  }

  /** Sends what may be sent now. */
  pump(): void {
    if (!this.#host.maySend) return;
    const { lanes } = this.#list;
    const count = this.#attempts.size;
    for (const [name, records] of lanes) this.#pumpLane(this.#lane(name), records);
    for (const [name, lane] of this.#lanes) {
      if (lanes.has(name)) continue;
      lane[Symbol.dispose]();
      this.#lanes.delete(name);
    }
    if (this.#attempts.size !== count) this.#tellSent();
  }

  /** The connection is gone, or another tab sends: all that is not answered is sent again. */
  cut(): void {
    for (const { record } of this.#attempts.values()) this.#underWay.delete(record.n);
    this.#attempts.clear();
    this.#tellSent();
  }

  /** Whether it is doubted that the service is there has changed. What was sent may still be answered. */
  heard(): void {
    this.#tellSent();
    this.wake();
  }

  /** The service has ended the connection because of something too large: that is never sent again. */
  tooLarge(): void {
    const [largest] = [...this.#attempts].sort(([, a], [, b]) => b.record.body.length - a.record.body.length);
    if (largest === undefined || largest[1].record.body.length < minTooLarge) return;
    this.answered(largest[0], { kind: "rejected", code: "DATA_INVALID", msg: "The action is too large.", at: [] });
  }

  /** What held things up may be over. */
  wake(): void {
    for (const lane of this.#lanes.values()) lane.free();
    this.pump();
  }

  /** Takes what became of an attempt. */
  answered(id: number, outcome: ActionOutcomeMessage): void {
    const attempt = this.#attempts.get(id);
    if (attempt === undefined) return;
    this.#attempts.delete(id);
    const { record, watch } = attempt;
    const lane = this.#lane(laneKey(record));
    if (outcome.kind === "done" || outcome.kind === "rejected") {
      lane.widen();
      void this.#settle(record, outcome, watch);
      return;
    }
    this.#underWay.delete(record.n);
    if (outcome.kind === "retry") {
      const ms = Math.min(longestHoldMs, Math.max(shortestHoldMs, outcome.afterMs));
      lane.hold(ms * (1 + Math.random() / 2));
      this.#list.waits(record.n, { code: outcome.code, message: outcome.msg });
    } else if (this.#isFirst(record)) lane.hold(earlyMs);
    else lane.narrow();
    this.#tellSent();
    this.pump();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#looking);
    for (const lane of this.#lanes.values()) lane[Symbol.dispose]();
    this.#attempts.clear();
  }

  #lane(name: string): SendWindow {
    const lane = this.#lanes.get(name) ?? new SendWindow(() => this.pump());
    this.#lanes.set(name, lane);
    return lane;
  }

  /** @param records Those of the lane that are not answered, in order. */
  #pumpLane(lane: SendWindow, records: readonly ActionRecord[]): void {
    const [first] = records;
    if (first === undefined) return;
    let after = 0;
    for (const record of records.slice(0, lane.width)) {
      if (this.#attempts.size >= maxUnderWay) return;
      if (!this.#underWay.has(record.n) && !this.#send(record, after, first.seq - 1)) return;
      after = record.seq;
    }
  }

  /** @returns Whether it could be sent. */
  #send(record: ActionRecord, after: number, acked: number): boolean {
    const { type, body, client, lane, seq, at } = record;
    const watch = this.#host.watchOf(type);
    if (watch === undefined) {
      this.#looking ??= setTimeout(() => {
        this.#looking = undefined;
        this.pump();
      }, lookMs);
      return false;
    }
    this.#lastId += 1;
    this.#attempts.set(this.#lastId, { record, watch });
    this.#underWay.add(record.n);
    this.#host.send({
      t: "act",
      id: this.#lastId,
      act: { type, body, client, lane, seq, after, acked, at, watch },
    });
    return true;
  }

  async #settle(record: ActionRecord, outcome: FinalOutcome, watch: readonly string[]): Promise<void> {
    await this.#host.settle(record, outcome, watch);
    this.#underWay.delete(record.n);
    this.#tellSent();
    this.pump();
  }

  #isFirst(record: ActionRecord): boolean {
    return this.#list.lanes.get(laneKey(record))?.[0]?.n === record.n;
  }

  #tellSent(): void {
    const attempts = this.#host.maySend ? [...this.#attempts.values()] : [];
    this.#host.sent(attempts.map(({ record }) => record.n));
  }
}
