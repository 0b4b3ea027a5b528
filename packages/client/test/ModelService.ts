import { ScriptedService, type ServedBrowser } from "./ScriptedService.ts";
import type { ActionOutcomeMessage, PushedActionMessage } from "@peek/live-protocol";

/** The service's reaction to one action. */
export type Reaction = "answer" | "cut before" | "cut after" | "retry" | "reject" | "late";

interface LaneState {
  /** The sequence number of the last executed or rejected action. */
  last: number;
  readonly outcomes: Map<number, ActionOutcomeMessage>;
}

/** A service that executes each action once, with a ledger as logic has it, and loses connections as the test wants. */
export class ModelService implements AsyncDisposable {
  /** The bodies of the executed and rejected actions, by client and lane, in order. */
  readonly executed = new Map<string, string[]>();
  /** Violations of the protocol by the client. */
  readonly violations: string[] = [];
  readonly #service: ScriptedService;
  readonly #reactions: Reaction[];
  readonly #lanes = new Map<string, LaneState>();
  #isClosed = false;

  private constructor(service: ScriptedService, reactions: readonly Reaction[]) {
    this.#service = service;
    this.#reactions = [...reactions];
    void this.#acceptBrowsers();
  }

  static async open(reactions: readonly Reaction[]): Promise<ModelService> {
    return new ModelService(await ScriptedService.open(), reactions);
  }

  get url(): string {
    return this.#service.url;
  }

  /** The number of executed and rejected actions. */
  get count(): number {
    return this.executed.values().reduce((sum, bodies) => sum + bodies.length, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    await this.#service[Symbol.asyncDispose]();
  }

  async #acceptBrowsers(): Promise<void> {
    while (!this.#isClosed) void this.#serve(await this.#service.greeted());
  }

  async #serve(browser: ServedBrowser): Promise<void> {
    for (;;) {
      const { id, act } = await browser.next("act");
      const reaction = this.#reactions.shift() ?? "answer";
      if (reaction === "cut before") browser.cut();
      else if (reaction === "retry") {
        browser.send({ t: "res", id, out: { kind: "retry", code: "LATER", msg: "Later", afterMs: 1 } });
      } else {
        const out = this.#execute(act, reaction === "reject");
        if (reaction === "cut after") browser.cut();
        else if (reaction === "late") setImmediate(() => browser.send({ t: "res", id, out }));
        else browser.send({ t: "res", id, out });
      }
    }
  }

  #execute({ client, lane: name, seq, after, acked, body }: PushedActionMessage, isRejected: boolean) {
    const key = `${client} ${name}`;
    const lane = this.#lanes.get(key) ?? { last: 0, outcomes: new Map() };
    this.#lanes.set(key, lane);
    if (acked > lane.last) this.violations.push(`${key}: ${acked} acknowledged, ${lane.last} was the last`);
    for (const known of lane.outcomes.keys()) if (known <= acked) lane.outcomes.delete(known);
    const repeated = lane.outcomes.get(seq);
    if (repeated !== undefined) return repeated;
    if (seq <= lane.last) return { kind: "rejected", code: "ACTION_FORGOTTEN", msg: "Forgotten", at: [] } as const;
    if (after > lane.last) return { kind: "early", last: lane.last } as const;
    if (seq !== lane.last + 1) this.violations.push(`${key}: ${seq} after ${lane.last}`);
    lane.last = seq;
    this.executed.set(key, [...(this.executed.get(key) ?? []), body]);
    const out: ActionOutcomeMessage = isRejected
      ? { kind: "rejected", code: "ACTION_REJECTED", msg: "No", at: [] }
      : { kind: "done", result: String(seq), at: [] };
    lane.outcomes.set(seq, out);
    return out;
  }
}
