import { ScriptedService, type ServedBrowser } from "./ScriptedService.ts";
import type { ActionOutcomeMessage, PushedActionMessage } from "@peek/live-protocol";

/** What happens to one action that arrives. */
export type Fate = "answer" | "cut before" | "cut after" | "retry" | "reject" | "late";

interface LaneState {
  /** The last that was executed or rejected. */
  last: number;
  readonly outcomes: Map<number, ActionOutcomeMessage>;
}

/** A service that executes actions once, by a ledger as logic has it, and whose line is as bad as a test wants it. */
export class ModelService implements AsyncDisposable {
  /** The bodies of what was executed or rejected, by client and lane, in order. */
  readonly executed = new Map<string, string[]>();
  /** What a client must never do. */
  readonly offences: string[] = [];
  readonly #service: ScriptedService;
  readonly #fates: Fate[];
  readonly #lanes = new Map<string, LaneState>();
  #isClosed = false;

  private constructor(service: ScriptedService, fates: readonly Fate[]) {
    this.#service = service;
    this.#fates = [...fates];
    void this.#welcome();
  }

  static async open(fates: readonly Fate[]): Promise<ModelService> {
    return new ModelService(await ScriptedService.open(), fates);
  }

  get url(): string {
    return this.#service.url;
  }

  /** How many were executed or rejected. */
  get count(): number {
    return this.executed.values().reduce((sum, bodies) => sum + bodies.length, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    await this.#service[Symbol.asyncDispose]();
  }

  async #welcome(): Promise<void> {
    while (!this.#isClosed) void this.#serve(await this.#service.greeted());
  }

  async #serve(browser: ServedBrowser): Promise<void> {
    for (;;) {
      const { id, act } = await browser.next("act");
      const fate = this.#fates.shift() ?? "answer";
      if (fate === "cut before") browser.cut();
      else if (fate === "retry") {
        browser.say({ t: "res", id, out: { kind: "retry", code: "LATER", msg: "Later", afterMs: 1 } });
      } else {
        const out = this.#execute(act, fate === "reject");
        if (fate === "cut after") browser.cut();
        else if (fate === "late") setImmediate(() => browser.say({ t: "res", id, out }));
        else browser.say({ t: "res", id, out });
      }
    }
  }

  #execute({ client, lane: name, seq, after, acked, body }: PushedActionMessage, isRejected: boolean) {
    const key = `${client} ${name}`;
    const lane = this.#lanes.get(key) ?? { last: 0, outcomes: new Map() };
    this.#lanes.set(key, lane);
    if (acked > lane.last) this.offences.push(`${key}: ${acked} acknowledged, ${lane.last} was the last`);
    for (const known of lane.outcomes.keys()) if (known <= acked) lane.outcomes.delete(known);
    const repeated = lane.outcomes.get(seq);
    if (repeated !== undefined) return repeated;
    if (seq <= lane.last) return { kind: "rejected", code: "ACTION_FORGOTTEN", msg: "Forgotten", at: [] } as const;
    if (after > lane.last) return { kind: "early", last: lane.last } as const;
    if (seq !== lane.last + 1) this.offences.push(`${key}: ${seq} after ${lane.last}`);
    lane.last = seq;
    this.executed.set(key, [...(this.executed.get(key) ?? []), body]);
    const out: ActionOutcomeMessage = isRejected
      ? { kind: "rejected", code: "ACTION_REJECTED", msg: "No", at: [] }
      : { kind: "done", result: String(seq), at: [] };
    lane.outcomes.set(seq, out);
    return out;
  }
}
