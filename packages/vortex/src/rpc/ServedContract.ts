import { messageOf, PeekError } from "@peek/errors";
import type { Logger, RpcServeOptions, ServiceName } from "@peek/plugin-base";
import type { RpcContract } from "@peek/plugin-base/contracts";
import { FairQueue } from "./FairQueue.ts";
import type { ContextRunner } from "./handlerContext.ts";
import type { IncomingCall } from "./IncomingCall.ts";
import type { PeerRecord } from "./PeerRecord.ts";
import type { RateLimit } from "../RateLimit.ts";
import { type Handler, ServedProcedure } from "./ServedProcedure.ts";

const defaultConcurrency = 100;
const defaultQueueLimit = 1000;

/** What a {@link ServedContract} is made of. */
export interface ServedContractOptions {
  readonly contract: RpcContract;
  /** What the plugin has handed in; looked at here. */
  readonly handlers: object;
  readonly limits: RpcServeOptions;
  readonly logger: Logger;
  readonly rateLimit: RateLimit;
  /** Runs the plugin's code in its own async context. */
  readonly run: ContextRunner;
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
  readonly #rateLimit: RateLimit;
  readonly #queue = new FairQueue<PeerRecord, IncomingCall>();
  #running = 0;
  #isServing = false;
  readonly #idle = Promise.withResolvers<void>();
  #isClosed = false;

  /** @throws PeekError `CONTRACT_INVALID` */
  constructor(options: ServedContractOptions) {
    const { contract, handlers, limits, logger, rateLimit, run } = options;
    const { acceptOnlyFrom, concurrency = defaultConcurrency, queueLimit = defaultQueueLimit } = limits;
    this.name = contract.name;
    this.run = run;
    this.#accepted = acceptOnlyFrom === undefined ? undefined : new Set([acceptOnlyFrom].flat());
    this.#concurrency = checkLimit(contract, "concurrency", concurrency, 1);
    this.#queueLimit = checkLimit(contract, "queueLimit", queueLimit, 0);
    this.#logger = logger;
    this.#rateLimit = rateLimit;
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
    const untold = this.#rateLimit.count(`forbidden ${instance} ${title}`);
    if (untold !== undefined) {
      this.#logger.warning(
        "A call of %s by %s of the %s service was refused: it is accepted only from %s%s",
        title,
        instance,
        service,
        accepted,
        untold,
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
    if (this.#queue.size >= this.#queueLimit) {
      const displaced = this.#queue.makeRoomFor(call.peer);
      (displaced ?? call).refuse(this.#busy(call));
      if (displaced === undefined) return;
    }
    this.#queue.push(call.peer, call);
  }

  /** A call does not wait any more. */
  leave(call: IncomingCall): void {
    this.#queue.delete(call.peer, call);
  }

  /** A handler has ended. */
  ended(): void {
    this.#running -= 1;
    this.#serve();
    if (this.#running === 0 && this.#isClosed) this.#idle.resolve();
  }

  /** Tells the log of an error that is the handler's. */
  tellFault(call: IncomingCall, fault: unknown): void {
    const { title } = call.procedure;
    this.#logger.error({ err: fault }, "%s failed, called by %s: %s", title, call.from.instance, messageOf(fault));
  }

  /** Refuses those that wait, and waits for those that run. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (let call = this.#queue.take(); call !== undefined; call = this.#queue.take()) {
      call.refuse(new PeekError("RPC_UNKNOWN", `${this.name} is not served any more by the service that was called.`));
    }
    if (this.#running > 0) await this.#idle.promise;
  }

  #start(call: IncomingCall): void {
    this.#running += 1;
    call.start();
  }

  /** Starts those whose turn has come. Handlers that answer at once come back here from within, and leave it to the loop. */
  #serve(): void {
    if (this.#isServing) return;
    this.#isServing = true;
    while (this.#running < this.#concurrency) {
      const call = this.#queue.take();
      if (call === undefined) break;
      this.#start(call);
    }
    this.#isServing = false;
  }

  #busy(call: IncomingCall): PeekError {
    const untold = this.#rateLimit.count(`busy ${this.name}`);
    const facts = `${this.#running} calls run and ${this.#queue.size} wait`;
    if (untold !== undefined) {
      this.#logger.warning(
        "A call of %s by %s was refused, since %s%s",
        call.procedure.title,
        call.from.instance,
        facts,
        untold,
      );
    }
    return new PeekError("RPC_BUSY", `${this.name} is busy: ${facts}, which is as many as it takes. Call later.`, {
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
