import { messageOf } from "@peek/errors";
import type { Logger, Payload, PayloadFilter, PeerIdentity, ServiceName } from "@peek/plugin-base";
import { checkData, type TupleType } from "@peek/plugin-base/contracts";
import { checkAccepted } from "../checkServices.ts";
import { isThenable, type LogThrottle } from "@peek/kit";
import type { TimingWheel } from "../rpc/TimingWheel.ts";
import { FairQueue } from "../rpc/FairQueue.ts";
import type { ContextRunner } from "../rpc/handlerContext.ts";
import { SlowStopWarning } from "../rpc/SlowStopWarning.ts";
import type { BudgetHolder, QueueBudget } from "../QueueBudget.ts";
import { matches } from "./payloadFilter.ts";

/** How many handlers of an endpoint run at a time. */
const concurrency = 100;
/** How many payloads wait for their turn; one beyond that is dropped. */
const queueLimit = 10_000;

/** What a {@link PayloadEndpoint} is made of. */
export interface PayloadEndpointParts {
  readonly plugin: string;
  readonly filter: PayloadFilter;
  readonly handler: (payload: Payload<unknown>, from: PeerIdentity) => unknown;
  readonly tuple: TupleType<unknown> | undefined;
  readonly acceptOnlyFrom: ServiceName | readonly ServiceName[] | undefined;
  readonly logger: Logger;
  readonly logThrottle: LogThrottle;
  /** Runs the plugin's code in its own async context. */
  readonly run: ContextRunner;
  /** Where payloads wait for their turn; shared by all endpoints. */
  readonly room: QueueBudget;
  readonly deadlines: TimingWheel;
}

/** A payload as it has arrived. */
export interface ArrivedPayload {
  readonly from: PeerIdentity;
  readonly filt: PayloadFilter;
  /** The name of the tuples' type; empty: there are none. */
  readonly tupleName: string;
  /** How long it is as it came. */
  readonly chars: number;
  /** Its tuples, not yet checked. Throws `DATA_INVALID`. */
  readonly tuples: () => readonly unknown[];
}

/** One who receives payloads. */
export class PayloadEndpoint implements BudgetHolder {
  readonly filter: PayloadFilter;
  /** How much waits for its turn. */
  queuedChars = 0;
  readonly #parts: PayloadEndpointParts;
  /** By the instance that has sent them. */
  readonly #queue = new FairQueue<string, ArrivedPayload>();
  readonly #idle = Promise.withResolvers<void>();
  #running = 0;
  #isServing = false;
  #isClosed = false;
  readonly #entries: readonly (readonly [string, unknown])[];
  readonly #accepted: ReadonlySet<ServiceName> | undefined;

  constructor(parts: PayloadEndpointParts) {
    this.filter = parts.filter;
    this.#parts = parts;
    this.#entries = Object.entries(parts.filter);
    this.#accepted = checkAccepted(parts.acceptOnlyFrom, `${parts.plugin} cannot receive payloads`);
  }

  matches(record: PayloadFilter): boolean {
    return matches(this.#entries, record);
  }

  /** Hands a payload on, now or when it is its turn. What goes wrong is logged. */
  receive(payload: ArrivedPayload): void {
    if (this.#isClosed) return;
    const objection = this.#objection(payload);
    if (objection !== undefined) {
      this.#logDropped(payload.from, "was refused", objection);
    } else if (this.#running < concurrency && this.#queue.size === 0) {
      this.#start(payload);
    } else {
      this.#wait(payload);
    }
  }

  /** Hands nothing on any more, and waits for the handlers that run. */
  async close(): Promise<void> {
    this.#isClosed = true;
    while (this.#take() !== undefined);
    if (this.#running === 0) return;
    using _notice = new SlowStopWarning(this.#parts.deadlines, () => this.#tellRunning());
    await this.#idle.promise;
  }

  #wait(payload: ArrivedPayload): void {
    const { from, chars } = payload;
    const { room } = this.#parts;
    if (!room.enter(this, chars)) {
      this.#logFull(from);
      return;
    }
    if (this.#queue.size >= queueLimit) {
      const displaced = this.#queue.evictFor(from.instance);
      room.leave(this, (displaced ?? payload).chars);
      this.#logFull((displaced ?? payload).from);
      if (displaced === undefined) return;
    }
    this.#queue.push(from.instance, payload);
  }

  #take(): ArrivedPayload | undefined {
    const payload = this.#queue.take();
    if (payload !== undefined) this.#parts.room.leave(this, payload.chars);
    return payload;
  }

  #start(payload: ArrivedPayload): void {
    const { handler, run } = this.#parts;
    const { from, filt } = payload;
    let tuples: readonly unknown[];
    try {
      tuples = this.#tuples(payload);
    } catch (error) {
      this.#logDropped(from, "was refused", messageOf(error));
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
    if (this.#running === 0 && this.#isClosed) this.#idle.resolve();
  }

  /** Starts those whose turn has come. */
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

  /** Why it is not for this endpoint; undefined when it is. */
  #objection({ from, tupleName }: ArrivedPayload): string | undefined {
    if (this.#accepted !== undefined && !this.#accepted.has(from.service)) {
      return `it is accepted only from ${[...this.#accepted].join(", ")}`;
    }
    const { tuple } = this.#parts;
    if (tupleName === (tuple?.name ?? "")) return undefined;
    const came = tupleName === "" ? "without tuples" : `of ${tupleName}`;
    const wanted = tuple === undefined ? "without" : `of ${tuple.name}`;
    return `it is a payload ${came}, where one ${wanted} is expected`;
  }

  /** @throws PeekError `DATA_INVALID` */
  #tuples({ tuples }: ArrivedPayload): readonly unknown[] {
    const { tuple } = this.#parts;
    if (tuple === undefined) return [];
    return tuples().map((each, index) => checkData(tuple.schema, each, `tuple ${index} (${tuple.name})`));
  }

  #logFull(from: PeerIdentity): void {
    this.#logDropped(from, "was dropped", `${this.#running} handlers run and ${this.#queue.size} payloads wait`);
  }

  #tellRunning(): void {
    const { logger, plugin } = this.#parts;
    logger.warning(
      "The endpoint %o of %s is being stopped, and waits for %d handlers that have not ended",
      this.filter,
      plugin,
      this.#running,
    );
  }

  #logDropped(from: PeerIdentity, what: string, why: string): void {
    const { logger, logThrottle, plugin } = this.#parts;
    const suppressed = logThrottle.count(`payload ${what} ${from.instance} ${plugin} ${JSON.stringify(this.filter)}`);
    if (suppressed === undefined) return;
    logger.warning(
      "A payload from %s of the %s service for the endpoint %o of %s %s: %s%s",
      from.instance,
      from.service,
      this.filter,
      plugin,
      what,
      why,
      suppressed,
    );
  }

  #logFailed(from: PeerIdentity, error: unknown): void {
    const { logger, plugin } = this.#parts;
    logger.error(
      { err: error },
      "The endpoint %o of %s failed on a payload from %s: %s",
      this.filter,
      plugin,
      from.instance,
      messageOf(error),
    );
  }
}
