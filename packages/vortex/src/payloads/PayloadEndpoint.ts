import { messageOf } from "@peek/errors";
import { type ContextRunner, isThenable, type LogThrottle } from "@peek/kit";
import type { Logger, Payload, PayloadFilter, PeerIdentity, ServiceName } from "@peek/plugin-base";
import { checkData, type TupleType } from "@peek/plugin-base/contracts";
import { checkAccepted } from "../checkServices.ts";
import type { BudgetHolder, QueueBudget } from "../QueueBudget.ts";
import { FairQueue } from "../rpc/FairQueue.ts";
import { SlowStopWarning } from "../rpc/SlowStopWarning.ts";
import type { TimingWheel } from "../rpc/TimingWheel.ts";
import { matches } from "./payloadFilter.ts";

/** How many handlers of an endpoint run at a time. */
const concurrency = 100;
/** How many payloads an endpoint queues before it drops one. */
export const queueLimit = 10_000;

/** How a {@link PayloadEndpoint} is opened. */
export interface PayloadEndpointOptions {
  readonly plugin: string;
  readonly filter: PayloadFilter;
  readonly handler: (payload: Payload<unknown>, from: PeerIdentity) => unknown;
  readonly tuple: TupleType<unknown> | undefined;
  readonly acceptOnlyFrom: ServiceName | readonly ServiceName[] | undefined;
  readonly logger: Logger;
  readonly logThrottle: LogThrottle;
  /** Runs the plugin's code in the plugin's async context. */
  readonly run: ContextRunner;
  /** Bounds the queued payloads of all endpoints. */
  readonly budget: QueueBudget;
  readonly timers: TimingWheel;
}

/** A received payload. */
export interface ReceivedPayload {
  readonly from: PeerIdentity;
  readonly filt: PayloadFilter;
  /** The name of the tuples' type; empty when there are no tuples. */
  readonly tupleName: string;
  /** The length of the frame. */
  readonly chars: number;
  /** Decodes the tuples without checking them. Throws `DATA_INVALID`. */
  readonly tuples: () => readonly unknown[];
}

/** A plugin's receiver of payloads: runs the handler, queues payloads, and drops those beyond the limits. */
export class PayloadEndpoint implements BudgetHolder {
  readonly filter: PayloadFilter;
  queuedChars = 0;
  readonly #options: PayloadEndpointOptions;
  /** One lane for each sending instance. */
  readonly #queue = new FairQueue<string, ReceivedPayload>();
  /** While somebody waits until no handler runs. */
  #idle: PromiseWithResolvers<void> | undefined;
  #running = 0;
  #isServing = false;
  #isClosed = false;
  readonly #entries: readonly (readonly [string, unknown])[];
  readonly #accepted: ReadonlySet<ServiceName> | undefined;

  /** @throws PeekError `CONTRACT_INVALID` */
  constructor(options: PayloadEndpointOptions) {
    this.filter = options.filter;
    this.#options = options;
    this.#entries = Object.entries(options.filter);
    this.#accepted = checkAccepted(options.acceptOnlyFrom, `${options.plugin} cannot receive payloads`);
  }

  get plugin(): string {
    return this.#options.plugin;
  }

  /** Whether a payload with this routing record is for this endpoint. */
  matches(record: PayloadFilter): boolean {
    return matches(this.#entries, record);
  }

  /** Handles or queues a payload. Errors are logged. */
  receive(payload: ReceivedPayload): void {
    if (this.#isClosed) return;
    const refusal = this.#refusal(payload);
    if (refusal !== undefined) {
      this.logDropped(payload.from, "was refused", refusal);
    } else if (this.#running < concurrency && this.#queue.size === 0) {
      this.#start(payload);
    } else {
      this.#enqueue(payload);
    }
  }

  /** Drops the queued payloads, and waits for the running handlers. */
  async close(): Promise<void> {
    this.#isClosed = true;
    while (this.#take() !== undefined);
    if (this.#running === 0) return;
    using _warning = new SlowStopWarning(this.#options.timers, () => this.#logRunning());
    await this.idle();
  }

  /** Resolves when no handler runs, and no payload is queued. */
  async idle(): Promise<void> {
    if (this.#running === 0) return;
    this.#idle ??= Promise.withResolvers();
    await this.#idle.promise;
  }

  #enqueue(payload: ReceivedPayload): void {
    const { from, chars } = payload;
    const { budget } = this.#options;
    if (!budget.reserve(this, chars)) {
      this.#logFull(from);
      return;
    }
    if (this.#queue.size >= queueLimit) {
      const evicted = this.#queue.evictFor(from.instance);
      budget.release(this, (evicted ?? payload).chars);
      this.#logFull((evicted ?? payload).from);
      if (evicted === undefined) return;
    }
    this.#queue.push(from.instance, payload);
  }

  #take(): ReceivedPayload | undefined {
    const payload = this.#queue.take();
    if (payload !== undefined) this.#options.budget.release(this, payload.chars);
    return payload;
  }

  #start(payload: ReceivedPayload): void {
    const { handler, run } = this.#options;
    const { from, filt } = payload;
    let tuples: readonly unknown[];
    try {
      tuples = this.#tuples(payload);
    } catch (error) {
      this.logDropped(from, "was refused", messageOf(error));
      return;
    }
    try {
      const result = run(handler, { filt, tuples }, from);
      if (isThenable(result)) void this.#await(result, from);
    } catch (error) {
      this.#logFailed(from, error);
    }
  }

  async #await(result: PromiseLike<unknown>, from: PeerIdentity): Promise<void> {
    this.#running += 1;
    try {
      await result;
    } catch (error) {
      this.#logFailed(from, error);
    }
    this.#running -= 1;
    this.#serve();
    if (this.#running > 0) return;
    this.#idle?.resolve();
    this.#idle = undefined;
  }

  /** Starts queued payloads. */
  #serve(): void {
    if (this.#isServing) return;
    this.#isServing = true;
    while (this.#running < concurrency) {
      const payload = this.#take();
      if (payload === undefined) break;
      this.#start(payload);
    }
    this.#isServing = false;
  }

  /** Why the endpoint refuses a payload; undefined when it accepts it. */
  #refusal({ from, tupleName }: ReceivedPayload): string | undefined {
    if (this.#accepted !== undefined && !this.#accepted.has(from.service)) {
      return `payloads are accepted only from ${[...this.#accepted].join(", ")}`;
    }
    const { tuple } = this.#options;
    if (tupleName === (tuple?.name ?? "")) return undefined;
    const received = tupleName === "" ? "has no tuples" : `has tuples of ${tupleName}`;
    const expected = tuple === undefined ? "none are expected" : `tuples of ${tuple.name} are expected`;
    return `it ${received}, but ${expected}`;
  }

  /** @throws PeekError `DATA_INVALID` */
  #tuples({ tuples }: ReceivedPayload): readonly unknown[] {
    const { tuple } = this.#options;
    if (tuple === undefined) return [];
    return tuples().map((each, index) => checkData(tuple.schema, each, `tuple ${index} (${tuple.name})`));
  }

  #logFull(from: PeerIdentity): void {
    this.logDropped(from, "was dropped", `${this.#running} handlers run and ${this.#queue.size} payloads are queued`);
  }

  #logRunning(): void {
    const { logger, plugin } = this.#options;
    logger.warning(
      "The payload endpoint %o of %s is being stopped, and waits for %d handlers that have not ended",
      this.filter,
      plugin,
      this.#running,
    );
  }

  /** Logs that a payload is not handled. @param outcome Continues a sentence about the payload. */
  logDropped(from: PeerIdentity, outcome: string, reason: string): void {
    const { logger, logThrottle, plugin } = this.#options;
    const suppressed = logThrottle.count(
      `payload ${outcome} ${from.instance} ${plugin} ${JSON.stringify(this.filter)}`,
    );
    if (suppressed === undefined) return;
    logger.warning(
      "A payload from %s of the %s service for the endpoint %o of %s %s: %s%s",
      from.instance,
      from.service,
      this.filter,
      plugin,
      outcome,
      reason,
      suppressed,
    );
  }

  #logFailed(from: PeerIdentity, error: unknown): void {
    const { logger, plugin } = this.#options;
    logger.error(
      { err: error },
      "The payload endpoint %o of %s failed to handle a payload from %s: %s",
      this.filter,
      plugin,
      from.instance,
      messageOf(error),
    );
  }
}
