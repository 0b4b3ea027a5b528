import { messageOf, PeekError } from "@peek/errors";
import type { ContextRunner, LogThrottle } from "@peek/kit";
import type { Logger, RpcServeOptions, ServiceName } from "@peek/plugin-base";
import type { RpcContract } from "@peek/plugin-base/contracts";
import { checkAccepted } from "../checkServices.ts";
import type { QueueBudget } from "../QueueBudget.ts";
import { CallbackTimer } from "./CallbackTimer.ts";
import { FairQueue } from "./FairQueue.ts";
import type { CallExecutor, IncomingCall } from "./IncomingCall.ts";
import type { CallingPeer } from "./ReceivedCall.ts";
import { type Handler, ServedProcedure } from "./ServedProcedure.ts";
import { maxStallMs, stalledStreams } from "./stalledStreams.ts";
import type { TimingWheel } from "./TimingWheel.ts";

const defaultConcurrency = 100;
/** How many calls of a contract wait, unless its plugin says otherwise. */
const defaultQueueLimit = 1000;
/** How often to look for stalled streams while calls are queued. */
const stallCheckMs = 1000;

/** How a {@link ServedContract} is opened. */
export interface ServedContractOptions {
  readonly contract: RpcContract;
  /** The handlers as the plugin passed them, unchecked. */
  readonly handlers: object;
  readonly limits: RpcServeOptions;
  readonly logger: Logger;
  readonly logThrottle: LogThrottle;
  /** Runs the plugin's code in the plugin's async context. */
  readonly run: ContextRunner;
  /** Bounds the queued calls of all contracts. */
  readonly budget: QueueBudget;
  readonly timers: TimingWheel;
}

/** A contract that this process serves: it decides which calls run, which are queued, and which are refused. */
export class ServedContract implements CallExecutor {
  readonly name: string;
  readonly plugin: string;
  /** The procedures, by name. */
  readonly procedures: ReadonlyMap<string, ServedProcedure>;
  readonly run: ContextRunner;
  readonly #accepted: ReadonlySet<ServiceName> | undefined;
  readonly #concurrency: number;
  /** How many calls wait at most. */
  readonly queueLimit: number;
  readonly #logger: Logger;
  readonly #logThrottle: LogThrottle;
  readonly #queue = new FairQueue<CallingPeer, IncomingCall>();
  readonly #budget: QueueBudget;
  readonly #timers: TimingWheel;
  readonly #stallCheck = new CallbackTimer(() => this.#checkStalls());
  readonly #streams = new Set<IncomingCall>();
  #running = 0;
  #isServing = false;
  /** While somebody waits until no handler runs. */
  #idle: PromiseWithResolvers<void> | undefined;

  /** @throws PeekError `CONTRACT_INVALID` */
  constructor(options: ServedContractOptions) {
    const { contract, handlers, limits, logger, logThrottle, run, budget, timers } = options;
    const { acceptOnlyFrom, concurrency = defaultConcurrency, queueLimit = defaultQueueLimit } = limits;
    this.name = contract.name;
    this.plugin = contract.plugin;
    this.run = run;
    this.#accepted = checkAccepted(acceptOnlyFrom, `${contract.name} cannot be served`);
    this.#concurrency = checkLimit(contract, "concurrency", concurrency, 1);
    this.queueLimit = checkLimit(contract, "queueLimit", queueLimit, 0);
    this.#logger = logger;
    this.#logThrottle = logThrottle;
    this.#budget = budget;
    this.#timers = timers;
    this.procedures = new Map(
      Object.entries(contract.procedures).map(([name, procedure]) => [
        name,
        new ServedProcedure(contract, name, procedure, handlerOf(contract, handlers, name)),
      ]),
    );
  }

  /** How many handlers run. */
  get running(): number {
    return this.#running;
  }

  /** How many calls are queued. */
  get queued(): number {
    return this.#queue.size;
  }

  /** Why the caller may not call; undefined when it may. */
  accessError({ from: { service, instance }, procedure: { title } }: IncomingCall): PeekError | undefined {
    if (this.#accepted === undefined || this.#accepted.has(service)) return undefined;
    const accepted = [...this.#accepted].join(", ");
    const suppressed = this.#logThrottle.count(`forbidden ${instance} ${title}`);
    if (suppressed !== undefined) {
      this.#logger.warning(
        "A call of %s by %s of the %s service was refused: only %s may call it%s",
        title,
        instance,
        service,
        accepted,
        suppressed,
      );
    }
    return new PeekError("FORBIDDEN", `The ${service} service may not call ${title}; only ${accepted} may.`, {
      fields: { procedure: title, service },
    });
  }

  /** Runs, queues or refuses a call. */
  offer(call: IncomingCall): void {
    if (this.#running < this.#concurrency) {
      this.#start(call);
      return;
    }
    if (!this.#budget.reserve(call.peer, call.bodyChars)) {
      call.refuse(this.#busy(call, "the queued calls of this process may not exceed 64 MiB"));
      return;
    }
    if (this.#queue.size >= this.queueLimit) {
      const refused = this.#queue.evictFor(call.peer) ?? call;
      this.#budget.release(refused.peer, refused.bodyChars);
      refused.refuse(this.#busy(call, "the queue is full"));
      if (refused === call) return;
    }
    this.#queue.push(call.peer, call);
    if (this.#streams.size > 0) this.#startStallCheck();
  }

  dequeue(call: IncomingCall): void {
    if (this.#queue.delete(call.peer, call)) this.#budget.release(call.peer, call.bodyChars);
  }

  ended(call: IncomingCall): void {
    this.#running -= 1;
    call.procedure.running -= 1;
    if (call.isStream) this.#streams.delete(call);
    this.#serve();
    if (this.#running > 0) return;
    this.#idle?.resolve();
    this.#idle = undefined;
  }

  logFault(call: IncomingCall, fault: unknown): void {
    const { title } = call.procedure;
    this.#logger.error({ err: fault }, "%s failed, called by %s: %s", title, call.from.instance, messageOf(fault));
  }

  /** Logs which handlers still run. */
  logRunning(): void {
    const running = [...this.procedures.values()].filter((procedure) => procedure.running > 0);
    const titles = running.map(({ title, running: count }) => (count === 1 ? title : `${title} (${count} times)`));
    this.#logger.warning(
      "%s is being stopped, and waits for handlers that have not ended since their signal fired: %s",
      this.name,
      titles.join(", "),
    );
  }

  /** Refuses the queued calls, and waits for the running ones. */
  async close(): Promise<void> {
    this.#timers.remove(this.#stallCheck);
    for (const call of this.takeQueued()) {
      call.refuse(new PeekError("RPC_UNKNOWN", `${this.name} is not served any more by the called service.`));
    }
    await this.idle();
  }

  /** Removes and returns the queued calls. */
  takeQueued(): readonly IncomingCall[] {
    const calls: IncomingCall[] = [];
    for (let call = this.#take(); call !== undefined; call = this.#take()) calls.push(call);
    return calls;
  }

  /** Ends the streams because the plugin is suspended. */
  interruptStreams(): void {
    for (const call of [...this.#streams]) call.interrupt();
  }

  /** Resolves when no handler runs. */
  async idle(): Promise<void> {
    if (this.#running === 0) return;
    this.#idle ??= Promise.withResolvers();
    await this.#idle.promise;
  }

  #start(call: IncomingCall): void {
    this.#running += 1;
    call.procedure.running += 1;
    if (call.isStream) {
      this.#streams.add(call);
      if (this.#queue.size > 0) this.#startStallCheck();
    }
    call.start();
  }

  /** Starts queued calls. A handler that ends synchronously re-enters here, and leaves the next call to the loop. */
  #serve(): void {
    if (this.#isServing) return;
    this.#isServing = true;
    while (this.#running < this.#concurrency) {
      const call = this.#take();
      if (call === undefined) break;
      this.#start(call);
    }
    this.#isServing = false;
  }

  #take(): IncomingCall | undefined {
    const call = this.#queue.take();
    if (call !== undefined) this.#budget.release(call.peer, call.bodyChars);
    return call;
  }

  #startStallCheck(): void {
    if (this.#stallCheck.slot === -1) this.#timers.add(this.#stallCheck, stallCheckMs);
  }

  /** Ends stalled streams while calls are queued. */
  #checkStalls(): void {
    if (this.#queue.size === 0) return;
    for (const call of stalledStreams(this.#streams, this.#queue.lanes(), this.#concurrency)) {
      call.displace(stalled(call));
    }
    if (this.#queue.size > 0 && this.#streams.size > 0) this.#startStallCheck();
  }

  #busy(call: IncomingCall, reason: string): PeekError {
    const suppressed = this.#logThrottle.count(`busy ${this.name}`);
    const facts = `${this.#running} calls run, ${this.#queue.size} are queued, and ${reason}`;
    if (suppressed !== undefined) {
      this.#logger.warning(
        "A call of %s by %s was refused: %s%s",
        call.procedure.title,
        call.from.instance,
        facts,
        suppressed,
      );
    }
    return new PeekError("RPC_BUSY", `${this.name} is busy: ${facts}. Call later.`, {
      fields: { running: this.#running, queued: this.#queue.size },
    });
  }
}

function stalled({ procedure: { title } }: IncomingCall): PeekError {
  return new PeekError(
    "DEADLINE_EXCEEDED",
    `A stream of ${title} was ended: its items were not consumed for ${maxStallMs} ms while other calls were queued. Consume them faster, or open fewer streams.`,
    { fields: { procedure: title } },
  );
}

function handlerOf({ name: contract }: RpcContract, handlers: object, name: string): Handler {
  const handler: unknown = Reflect.get(handlers, name);
  if (typeof handler !== "function") {
    throw new PeekError("CONTRACT_INVALID", `${contract} cannot be served: there is no handler for ${name}.`, {
      fields: { contract, procedure: name },
    });
  }
  // Handlers may be the methods of an object.
  return (input, context) => Reflect.apply(handler, handlers, [input, context]);
}

function checkLimit({ name }: RpcContract, option: string, value: number, min: number): number {
  if (Number.isSafeInteger(value) && value >= min) return value;
  throw new PeekError(
    "CONTRACT_INVALID",
    `${name} cannot be served: ${option} is ${value}. It must be a whole number of at least ${min}.`,
    { fields: { contract: name } },
  );
}
