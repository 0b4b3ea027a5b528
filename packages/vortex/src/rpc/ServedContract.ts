import { messageOf, PeekError } from "@peek/errors";
import type { Logger, RpcServeOptions, ServiceName } from "@peek/plugin-base";
import type { RpcContract } from "@peek/plugin-base/contracts";
import { checkAccepted } from "../checkServices.ts";
import { CallbackTimer } from "./CallbackTimer.ts";
import type { TimingWheel } from "./TimingWheel.ts";
import { FairQueue } from "./FairQueue.ts";
import type { ContextRunner } from "./handlerContext.ts";
import type { IncomingCall } from "./IncomingCall.ts";
import type { PeerRecord } from "./PeerRecord.ts";
import type { LogThrottle } from "@peek/kit";
import { type Handler, ServedProcedure } from "./ServedProcedure.ts";
import { maxStallMs, stalledStreams } from "./stalledStreams.ts";
import type { QueueBudget } from "../QueueBudget.ts";

const defaultConcurrency = 100;
const defaultQueueLimit = 1000;
/** How often it is looked whether streams that nobody reads keep others waiting; milliseconds. */
const stallCheckMs = 1000;

/** What a {@link ServedContract} is made of. */
export interface ServedContractOptions {
  readonly contract: RpcContract;
  /** What the plugin has handed in; looked at here. */
  readonly handlers: object;
  readonly limits: RpcServeOptions;
  readonly logger: Logger;
  readonly logThrottle: LogThrottle;
  /** Runs the plugin's code in its own async context. */
  readonly run: ContextRunner;
  /** Where calls wait for their turn; shared by all contracts. */
  readonly room: QueueBudget;
  readonly deadlines: TimingWheel;
}

/** A contract that is served here: who may call, how many calls run, and which wait. */
export class ServedContract {
  readonly name: string;
  /** Its procedures, by name. */
  readonly procedures: ReadonlyMap<string, ServedProcedure>;
  readonly run: ContextRunner;
  readonly #accepted: ReadonlySet<ServiceName> | undefined;
  readonly #concurrency: number;
  readonly #queueLimit: number;
  readonly #logger: Logger;
  readonly #rateLimit: LogThrottle;
  readonly #queue = new FairQueue<PeerRecord, IncomingCall>();
  readonly #room: QueueBudget;
  readonly #deadlines: TimingWheel;
  readonly #stallCheck = new CallbackTimer(() => this.#checkStalls());
  readonly #streams = new Set<IncomingCall>();
  #running = 0;
  #isServing = false;
  readonly #idle = Promise.withResolvers<void>();
  #isClosed = false;

  /** @throws PeekError `CONTRACT_INVALID` */
  constructor(options: ServedContractOptions) {
    const { contract, handlers, limits, logger, logThrottle, run, room, deadlines } = options;
    const { acceptOnlyFrom, concurrency = defaultConcurrency, queueLimit = defaultQueueLimit } = limits;
    this.name = contract.name;
    this.run = run;
    this.#accepted = checkAccepted(acceptOnlyFrom, `${contract.name} cannot be served`);
    this.#concurrency = checkLimit(contract, "concurrency", concurrency, 1);
    this.#queueLimit = checkLimit(contract, "queueLimit", queueLimit, 0);
    this.#logger = logger;
    this.#rateLimit = logThrottle;
    this.#room = room;
    this.#deadlines = deadlines;
    this.procedures = new Map(
      Object.entries(contract.procedures).map(([name, procedure]) => [
        name,
        new ServedProcedure(this, name, procedure, handlerOf(contract, handlers, name)),
      ]),
    );
  }

  get running(): number {
    return this.#running;
  }

  get queued(): number {
    return this.#queue.size;
  }

  /** Whether the caller may call; when not, why. */
  objection(call: IncomingCall): PeekError | undefined {
    const { service, instance } = call.from;
    if (this.#accepted === undefined || this.#accepted.has(service)) return undefined;
    const { title } = call.procedure;
    const accepted = [...this.#accepted].join(", ");
    const suppressed = this.#rateLimit.count(`forbidden ${instance} ${title}`);
    if (suppressed !== undefined) {
      this.#logger.warning(
        "A call of %s by %s of the %s service was refused: it is accepted only from %s%s",
        title,
        instance,
        service,
        accepted,
        suppressed,
      );
    }
    return new PeekError(
      "FORBIDDEN",
      `${title} may not be called from the ${service} service, only from ${accepted}.`,
      {
        fields: { procedure: title, service },
      },
    );
  }

  /** Runs a call now or later, or refuses it. */
  offer(call: IncomingCall): void {
    if (this.#running < this.#concurrency) {
      this.#start(call);
      return;
    }
    if (!this.#room.enter(call.peer, call.bodyChars)) {
      call.refuse(this.#busy(call, "more than 64 MiB of calls would wait in this process"));
      return;
    }
    if (this.#queue.size >= this.#queueLimit) {
      const refused = this.#queue.evictFor(call.peer) ?? call;
      this.#room.leave(refused.peer, refused.bodyChars);
      refused.refuse(this.#busy(call, "that is as many as it takes"));
      if (refused === call) return;
    }
    this.#queue.push(call.peer, call);
    if (this.#streams.size > 0) this.#watchStalls();
  }

  /** A call does not wait any more. */
  leave(call: IncomingCall): void {
    if (this.#queue.delete(call.peer, call)) this.#room.leave(call.peer, call.bodyChars);
  }

  /** A handler has ended. */
  ended(call: IncomingCall): void {
    this.#running -= 1;
    call.procedure.running -= 1;
    if (call.isStream) this.#streams.delete(call);
    this.#serve();
    if (this.#running === 0 && this.#isClosed) this.#idle.resolve();
  }

  /** Tells the log of an error that is the handler's. */
  logFault(call: IncomingCall, fault: unknown): void {
    const { title } = call.procedure;
    this.#logger.error({ err: fault }, "%s failed, called by %s: %s", title, call.from.instance, messageOf(fault));
  }

  /** Tells the log which handlers still run. */
  logRunning(): void {
    const running = [...this.procedures.values()].filter((procedure) => procedure.running > 0);
    const titles = running.map(({ title, running: count }) => (count === 1 ? title : `${title} (${count} times)`));
    this.#logger.warning(
      "%s is being stopped, and waits for handlers that have not ended though their signal has fired: %s",
      this.name,
      titles.join(", "),
    );
  }

  /** Refuses those that wait, and waits for those that run. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#deadlines.remove(this.#stallCheck);
    for (let call = this.#take(); call !== undefined; call = this.#take()) {
      call.refuse(new PeekError("RPC_UNKNOWN", `${this.name} is not served any more by the service that was called.`));
    }
    if (this.#running > 0) await this.#idle.promise;
  }

  #start(call: IncomingCall): void {
    this.#running += 1;
    call.procedure.running += 1;
    if (call.isStream) {
      this.#streams.add(call);
      if (this.#queue.size > 0) this.#watchStalls();
    }
    call.start();
  }

  /** Starts those whose turn has come. Handlers that answer at once come back here from within, and leave it to the loop. */
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
    if (call !== undefined) this.#room.leave(call.peer, call.bodyChars);
    return call;
  }

  #watchStalls(): void {
    if (this.#stallCheck.slot === -1) this.#deadlines.add(this.#stallCheck, stallCheckMs);
  }

  /** Ends streams that nobody reads, while others wait. */
  #checkStalls(): void {
    if (this.#queue.size === 0) return;
    for (const call of stalledStreams(this.#streams, this.#queue.lines(), this.#concurrency)) {
      call.displace(this.#unread(call));
    }
    if (this.#queue.size > 0 && this.#streams.size > 0) this.#watchStalls();
  }

  #unread({ procedure: { title } }: IncomingCall): PeekError {
    return new PeekError(
      "DEADLINE_EXCEEDED",
      `A stream of ${title} was ended: its items were not taken for ${maxStallMs} ms, while others waited for their turn. Take them faster, or have fewer streams open.`,
      { fields: { procedure: title } },
    );
  }

  #busy(call: IncomingCall, why: string): PeekError {
    const suppressed = this.#rateLimit.count(`busy ${this.name}`);
    const facts = `${this.#running} calls run and ${this.#queue.size} wait, and ${why}`;
    if (suppressed !== undefined) {
      this.#logger.warning(
        "A call of %s by %s was refused, since %s%s",
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

function checkLimit({ name }: RpcContract, option: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new PeekError(
    "CONTRACT_INVALID",
    `${name} cannot be served: ${option} is ${value}. It has to be a whole number of at least ${least}.`,
    { fields: { contract: name } },
  );
}
