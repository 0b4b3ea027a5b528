import type { ActionOutcomeMessage, ClientMessage } from "@peek/live-protocol";
import type { ActionRecord } from "../storage/StorageBackend.ts";
import type { FinalOutcome } from "./FinalOutcome.ts";
import { laneKey } from "./laneKey.ts";
import type { PendingActions } from "./PendingActions.ts";
import { SendWindow } from "./SendWindow.ts";

/** How many actions of all lanes may be unanswered at a time. */
const maxUnanswered = 48;
/** The limits of the pause that a service may request. */
const minPauseMs = 20;
const maxPauseMs = 60_000;
/** The pause of a lane whose first action came too early, according to the service. */
const earlyPauseMs = 1000;
/** How often the sender checks whether the channels that an action affects are subscribed. */
const subscriptionCheckMs = 250;
/** A service finds no shorter action too large. */
const minTooLargeChars = 16_000;

/** The services of the queue that the sender uses. */
export interface ActionSenderHost {
  /** Whether the service is reachable, and this tab is the leader. */
  maySend(): boolean;
  send(message: ClientMessage): void;
  /** The selectors of the channels that actions of a type affect; at most 16. Undefined: some are about to be subscribed. */
  affectedSelectors(type: string): readonly string[] | undefined;
  /** The fingerprint of the page's version of a type; empty where the page does not use the type yet. */
  fingerprintOf(type: string): string;
  /** Stores and publishes the outcome. After that, the action is not in the list of those to send. */
  settle(record: ActionRecord, outcome: FinalOutcome, watch: readonly string[]): Promise<void>;
  /** The set of sent and unanswered actions has changed. */
  sent(ns: readonly number[]): void;
}

interface Attempt {
  readonly record: ActionRecord;
  readonly watch: readonly string[];
}

/** Sends pending actions, those of one lane in order, until each is answered. */
export class ActionSender implements Disposable {
  readonly #list: PendingActions;
  readonly #host: ActionSenderHost;
  /** By lane. */
  readonly #windows = new Map<string, SendWindow>();
  /** The unanswered attempts on this connection, by number. */
  readonly #attempts = new Map<number, Attempt>();
  /** The actions that must not be sent: unanswered ones, and those whose outcome is being stored. */
  readonly #busy = new Set<number>();
  #subscriptionCheck: ReturnType<typeof setTimeout> | undefined;
  #lastId = 0;

  constructor(list: PendingActions, host: ActionSenderHost) {
    this.#list = list;
    this.#host = host;
  }

  /** Sends the actions that may be sent now. */
  pump(): void {
    if (!this.#host.maySend()) return;
    const { lanes } = this.#list;
    const count = this.#attempts.size;
    for (const [lane, records] of lanes) this.#pumpLane(this.#window(lane), records);
    for (const [lane, window] of this.#windows) {
      if (lanes.has(lane)) continue;
      window[Symbol.dispose]();
      this.#windows.delete(lane);
    }
    if (this.#attempts.size !== count) this.#reportSent();
  }

  /** The connection is lost, or another tab is the leader: unanswered actions are sent again. */
  disconnected(): void {
    for (const { record } of this.#attempts.values()) this.#busy.delete(record.n);
    this.#attempts.clear();
    this.#reportSent();
  }

  /** Whether the service is suspected has changed. Sent actions may still be answered. */
  reachabilityChanged(): void {
    this.#reportSent();
    this.wake();
  }

  /** The service has closed the connection because a message was too large: the largest action is rejected. */
  tooLarge(): void {
    const [largest] = [...this.#attempts].sort(([, a], [, b]) => b.record.body.length - a.record.body.length);
    if (largest === undefined || largest[1].record.body.length < minTooLargeChars) return;
    this.answered(largest[0], { kind: "rejected", code: "DATA_INVALID", msg: "The action is too large.", at: [] });
  }

  /** Ends all pauses. */
  wake(): void {
    for (const window of this.#windows.values()) window.resume();
    this.pump();
  }

  /** The service has answered an attempt. */
  answered(id: number, outcome: ActionOutcomeMessage): void {
    const attempt = this.#attempts.get(id);
    if (attempt === undefined) return;
    this.#attempts.delete(id);
    const { record, watch } = attempt;
    const window = this.#window(laneKey(record));
    if (outcome.kind === "done" || outcome.kind === "rejected") {
      window.open();
      void this.#settle(record, outcome, watch);
      return;
    }
    this.#busy.delete(record.n);
    if (outcome.kind === "retry") {
      const ms = Math.min(maxPauseMs, Math.max(minPauseMs, outcome.afterMs));
      window.pause(ms * (1 + Math.random() / 2));
      this.#list.delayed(record.n, { code: outcome.code, message: outcome.msg });
    } else if (this.#isFirst(record)) window.pause(earlyPauseMs);
    else window.shrink();
    this.#reportSent();
    this.pump();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#subscriptionCheck);
    for (const window of this.#windows.values()) window[Symbol.dispose]();
    this.#attempts.clear();
  }

  #window(lane: string): SendWindow {
    const window = this.#windows.get(lane) ?? new SendWindow(() => this.pump());
    this.#windows.set(lane, window);
    return window;
  }

  /** @param records The pending actions of the lane, in order. */
  #pumpLane(window: SendWindow, records: readonly ActionRecord[]): void {
    const [first] = records;
    if (first === undefined) return;
    let after = 0;
    for (const record of records.slice(0, window.size)) {
      if (this.#attempts.size >= maxUnanswered) return;
      if (!this.#busy.has(record.n) && !this.#send(record, after, first.seq - 1)) return;
      after = record.seq;
    }
  }

  /** @returns Whether the action was sent. */
  #send(record: ActionRecord, after: number, acked: number): boolean {
    const { type, body, client, lane, seq, at } = record;
    const watch = this.#host.affectedSelectors(type);
    if (watch === undefined) {
      this.#subscriptionCheck ??= setTimeout(() => {
        this.#subscriptionCheck = undefined;
        this.pump();
      }, subscriptionCheckMs);
      return false;
    }
    this.#lastId += 1;
    this.#attempts.set(this.#lastId, { record, watch });
    this.#busy.add(record.n);
    this.#host.send({
      t: "act",
      id: this.#lastId,
      act: { type, body, client, lane, seq, after, acked, at, watch, contract: this.#host.fingerprintOf(type) },
    });
    return true;
  }

  async #settle(record: ActionRecord, outcome: FinalOutcome, watch: readonly string[]): Promise<void> {
    await this.#host.settle(record, outcome, watch);
    this.#busy.delete(record.n);
    this.#reportSent();
    this.pump();
  }

  #isFirst(record: ActionRecord): boolean {
    return this.#list.lanes.get(laneKey(record))?.[0]?.n === record.n;
  }

  #reportSent(): void {
    const attempts = this.#host.maySend() ? [...this.#attempts.values()] : [];
    this.#host.sent(attempts.map(({ record }) => record.n));
  }
}
