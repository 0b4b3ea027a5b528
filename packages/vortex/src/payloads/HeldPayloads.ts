import type { PayloadFilter } from "@peek/plugin-base";
import type { BudgetHolder, QueueBudget } from "../QueueBudget.ts";
import { FairQueue } from "../rpc/FairQueue.ts";
import { type PayloadEndpoint, queueLimit, type ReceivedPayload } from "./PayloadEndpoint.ts";

/** The payloads for the endpoints of a suspended plugin. They wait until it is resumed; those beyond the limits are dropped. */
export class HeldPayloads implements BudgetHolder {
  queuedChars = 0;
  /** The endpoints that the plugin had when it was suspended. */
  readonly #endpoints: readonly PayloadEndpoint[];
  readonly #budget: QueueBudget;
  /** One lane for each sending instance. */
  readonly #queue = new FairQueue<string, ReceivedPayload>();

  /** @param budget Bounds the queued payloads of all endpoints. */
  constructor(endpoints: readonly PayloadEndpoint[], budget: QueueBudget) {
    this.#endpoints = endpoints;
    this.#budget = budget;
  }

  /** Whether a payload with this routing record is for one of the endpoints that the plugin had. */
  matches(record: PayloadFilter): boolean {
    return this.#endpoints.some((endpoint) => endpoint.matches(record));
  }

  hold(payload: ReceivedPayload): void {
    const { from, chars } = payload;
    if (!this.#budget.reserve(this, chars)) {
      this.#logFull(payload);
      return;
    }
    if (this.#queue.size >= queueLimit) {
      const dropped = this.#queue.evictFor(from.instance) ?? payload;
      this.#budget.release(this, dropped.chars);
      this.#logFull(dropped);
      if (dropped === payload) return;
    }
    this.#queue.push(from.instance, payload);
  }

  /** Removes and returns the next payload; undefined when none waits. */
  take(): ReceivedPayload | undefined {
    const payload = this.#queue.take();
    if (payload !== undefined) this.#budget.release(this, payload.chars);
    return payload;
  }

  #logFull({ from, filt }: ReceivedPayload): void {
    const reason = `the plugin is being updated, and ${this.#queue.size} payloads wait`;
    this.#endpoints.find((endpoint) => endpoint.matches(filt))?.logDropped(from, "was dropped", reason);
  }
}
