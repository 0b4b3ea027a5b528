import { setTimeout as wait } from "node:timers/promises";
import { cutText, messageOf, PeekError, type PeekErrorCode, toError } from "@peek/errors";
import type { ActionContext, ActionHandleOptions, Logger, ServiceName } from "@peek/plugin-base";
import { ActionRejection, type ActionType, checkData, decode, encode } from "@peek/plugin-base/contracts";
import type { ActionLedger, LedgerOutcome, LedgerRequest } from "@peek/plugin-base/internal";
import type { ContextRunner, LogThrottle } from "@peek/kit";
import type { ActionEnvelope } from "../../rpc/ActionsRpc.ts";
import { isPassing } from "./isPassing.ts";

/** A handler, whatever its types: what it is handed was checked, and what it returns will be. */
export type AnyActionHandler = (action: unknown, context: ActionContext<Record<string, never>>) => unknown;

/** What a {@link HandledAction} is made of. */
export interface HandledActionOptions {
  readonly plugin: string;
  readonly type: ActionType<unknown, unknown, unknown, unknown>;
  readonly handler: AnyActionHandler;
  readonly options: ActionHandleOptions;
  readonly ledger: ActionLedger;
  /** The services whose browsers may push it. */
  readonly services: readonly ServiceName[];
  readonly logger: Logger;
  readonly rateLimit: LogThrottle;
  /** Runs what the plugin has handed in as if it had called it itself. */
  readonly run: ContextRunner;
}

/** What became of an action, or that it is to be tried again later. */
export type Execution = LedgerOutcome | { readonly kind: "later"; readonly code: PeekErrorCode };

/** Why an action is rejected, as the ledger keeps it and the device is told. */
export interface Rejection {
  readonly code: string;
  readonly message: string;
}

const defaultDeadlineMs = 30_000;
/** How often an action is tried whose handler fails for no reason that passes. */
const maxAttempts = 3;
/** The wait before the second attempt; it doubles; milliseconds. */
const firstWaitMs = 50;
/** How much of a message is kept; characters. */
const maxMessage = 1000;
/** How long a result may be, as it is sent; characters. */
const maxResult = 256 * 1024;

/** The actions of one type, as one plugin executes them. */
export class HandledAction {
  readonly #options: HandledActionOptions;
  readonly #stop = new AbortController();
  readonly #running = new Set<Promise<unknown>>();
  /** The errors of deadlines of ours: those of others, such as of a call to an agent, pass. */
  readonly #deadlines = new WeakSet<Error>();

  constructor(options: HandledActionOptions) {
    this.#options = options;
  }

  get plugin(): string {
    return this.#options.plugin;
  }

  /** Whether browsers of a service may push it. */
  isExposedOn(service: ServiceName): boolean {
    return this.#options.services.includes(service);
  }

  /** Executes an action, unless that was done before. Never rejects. */
  async execute(envelope: ActionEnvelope): Promise<Execution> {
    const execution = this.#execute(envelope);
    this.#running.add(execution);
    try {
      const outcome = await execution;
      if (outcome.kind === "full") this.#tellFull(envelope);
      return outcome;
    } catch (error) {
      this.#tellPutOff(error);
      return { kind: "later", code: PeekError.is(error) ? error.code : "ACTION_FAILED" };
    } finally {
      this.#running.delete(execution);
    }
  }

  /** Executes no more, and waits for what is under way. */
  async close(): Promise<void> {
    this.#stop.abort(new PeekError("PLUGIN_RELEASED", `${this.#options.plugin} stops.`));
    await Promise.allSettled(this.#running);
  }

  async #execute(envelope: ActionEnvelope): Promise<Execution> {
    const { type, ledger, plugin } = this.#options;
    const request = requestOf(envelope);
    let action: unknown;
    try {
      action = checkData(type.schema, decode(envelope.body), `The action ${type.name}`);
    } catch (error) {
      if (!PeekError.is(error)) throw error;
      return await this.#reject(envelope, { code: error.code, message: error.message });
    }
    for (let attempt = 1; ; attempt += 1) {
      this.#stop.signal.throwIfAborted();
      try {
        if (!(await this.#isAllowed(envelope))) {
          const message = `${envelope.user.name} may not do this.`;
          return await this.#reject(envelope, { code: "FORBIDDEN", message });
        }
        return await ledger.execute(plugin, request, (transaction) => this.#handle(action, envelope, transaction));
      } catch (error) {
        if (ActionRejection.is(error)) {
          return await this.#reject(envelope, { code: "ACTION_REJECTED", message: error.message });
        }
        if (isPassing(error, this.#deadlines) || this.#stop.signal.aborted) throw error;
        this.#tellFailure(error, envelope, attempt);
        if (attempt >= maxAttempts) {
          const message = `${type.name} failed ${attempt} times and was given up.`;
          return await this.#reject(envelope, { code: "ACTION_FAILED", message });
        }
        await wait(firstWaitMs * 2 ** (attempt - 1));
      }
    }
  }

  async #isAllowed({ user }: ActionEnvelope): Promise<boolean> {
    const { options, run } = this.#options;
    const { authorize } = options;
    if (authorize === undefined) return true;
    // Whatever a plugin without types returns.
    const answer: unknown = await this.#within(async () => run(authorize, user));
    return answer === true;
  }

  /** The handler, within its time. What it does after that by the transaction fails: that is over. */
  async #handle(
    action: unknown,
    envelope: ActionEnvelope,
    transaction: ActionContext<Record<string, never>>["transaction"],
  ): Promise<string> {
    const { type, handler, run } = this.#options;
    const { user, device, pushedAt } = envelope;
    const result = await this.#within(async (signal) =>
      run(handler, action, { transaction, user, device, pushedAt, signal }),
    );
    if (type.result === undefined) return "";
    const text = encode(checkData(type.result, result, `The result of the action ${type.name}`));
    if (text.length <= maxResult) return text;
    throw new PeekError(
      "DATA_INVALID",
      `The result of the action ${type.name} has ${text.length} characters, more than the ${maxResult} that are sent.`,
    );
  }

  /** Does what the plugin has handed in, for as long as it may take and the plugin does not stop. */
  async #within<Result>(work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    const { type, options } = this.#options;
    const deadlineMs = options.deadlineMs ?? defaultDeadlineMs;
    const over = new AbortController();
    const stop = (): void => over.abort(this.#stop.signal.reason);
    const timer = setTimeout(() => {
      const late = tooLate(type.name, deadlineMs);
      this.#deadlines.add(late);
      over.abort(late);
    }, deadlineMs);
    this.#stop.signal.addEventListener("abort", stop);
    const { promise: ended, reject } = Promise.withResolvers<never>();
    over.signal.addEventListener("abort", () => reject(toError(over.signal.reason)), { once: true });
    try {
      this.#stop.signal.throwIfAborted();
      return await Promise.race([work(over.signal), ended]);
    } finally {
      clearTimeout(timer);
      // It outlives what was done.
      this.#stop.signal.removeEventListener("abort", stop);
      // Nobody listens to it any more.
      ended.catch(() => undefined);
    }
  }

  async #reject(envelope: ActionEnvelope, { code, message }: Rejection): Promise<Execution> {
    const { plugin, ledger, type, logger, rateLimit } = this.#options;
    const told = cutText(message, maxMessage);
    const { user, device, pushedAt, body } = envelope;
    const letter = { action: type.name, body, user, device, pushedAt, code, message: told };
    const rejection: Rejection = { code, message: told };
    const outcome = await ledger.reject(plugin, requestOf(envelope), encode(rejection), letter);
    if (outcome.kind === "rejected" && !outcome.repeated) {
      const untold = rateLimit.count(`rejected ${type.name} ${code}`);
      if (untold !== undefined) {
        logger.warning({ code, user: user.id }, "%s of %s was rejected: %s%s", type.name, user.name, told, untold);
      }
    }
    return outcome;
  }

  #tellFailure(error: unknown, { user }: ActionEnvelope, attempt: number): void {
    const { type, logger, rateLimit } = this.#options;
    const untold = rateLimit.count(`failed ${type.name}`);
    if (untold === undefined) return;
    const facts = { err: toError(error), user: user.id };
    logger.error(facts, "%s failed, attempt %d of %d: %s%s", type.name, attempt, maxAttempts, messageOf(error), untold);
  }

  #tellFull({ user, device }: ActionEnvelope): void {
    const { type, logger, rateLimit } = this.#options;
    const untold = rateLimit.count(`full ${type.plugin}`);
    if (untold === undefined) return;
    logger.warning(
      { code: "CLIENT_OVERLOAD", user: user.id, device },
      "%s of %s waits: as many lanes are kept of the user, or the device, as may be, and all were used in the last 24 hours; see peek status%s",
      type.name,
      user.name,
      untold,
    );
  }

  #tellPutOff(error: unknown): void {
    const { type, logger, rateLimit } = this.#options;
    if (this.#stop.signal.aborted) return;
    const untold = rateLimit.count(`put off ${type.name}`);
    if (untold === undefined) return;
    const facts = PeekError.is(error) ? { code: error.code } : { err: toError(error) };
    logger.warning(facts, "%s was put off, and is tried again: %s%s", type.name, messageOf(error), untold);
  }
}

function requestOf({ client, lane, sequence, after, acknowledged, user, device }: ActionEnvelope): LedgerRequest {
  return { client, lane, sequence, after, acknowledged, userId: user.id, device };
}

function tooLate(name: string, deadlineMs: number): PeekError {
  return new PeekError("DEADLINE_EXCEEDED", `The handler of ${name} took longer than ${deadlineMs} ms.`);
}
