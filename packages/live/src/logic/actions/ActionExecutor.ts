import { setTimeout as wait } from "node:timers/promises";
import { cutText, messageOf, PeekError, type PeekErrorCode, toError } from "@peek/errors";
import type { ActionContext, ActionHandleOptions, Logger, ServiceName } from "@peek/plugin-base";
import {
  ActionRejection,
  type ActionType,
  checkData,
  decode,
  describeSchema,
  encode,
  readAction,
} from "@peek/plugin-base/contracts";
import type { ActionLedger, LedgerOutcome, LedgerRequest } from "@peek/plugin-base/internal";
import type { ContextRunner, LogThrottle } from "@peek/kit";
import { digestOf } from "@peek/live-protocol";
import type { ActionEnvelope } from "../../rpc/ActionsRpc.ts";
import { isTransient } from "./isTransient.ts";

/** A handler without its types: the executor checks its argument and its result. */
export type AnyActionHandler = (action: unknown, context: ActionContext<Record<string, never>>) => unknown;

/** Options of an {@link ActionExecutor}. */
export interface ActionExecutorOptions {
  readonly plugin: string;
  readonly type: ActionType<unknown, unknown, unknown, unknown>;
  readonly handler: AnyActionHandler;
  readonly options: ActionHandleOptions;
  readonly ledger: ActionLedger;
  /** The services whose browsers may push it. */
  readonly services: readonly ServiceName[];
  readonly logger: Logger;
  readonly logThrottle: LogThrottle;
  /** Runs the plugin's code in its own async context. */
  readonly run: ContextRunner;
}

/** The outcome of an action, or that it has to be tried again later. */
export type Execution =
  | LedgerOutcome
  | { readonly kind: "later"; readonly code: PeekErrorCode }
  /** It does not fit this version of its type, and the page of the device has another version. */
  | { readonly kind: "unfit" };

/** Why an action is rejected, as the ledger keeps it and the device receives it. */
export interface Rejection {
  readonly code: string;
  readonly message: string;
}

const defaultDeadlineMs = 30_000;
/** How many times an action is tried if its handler fails permanently. */
const maxAttempts = 3;
/** The wait before the second attempt. It doubles with each further one. */
const firstWaitMs = 50;
/** How many characters of a message are kept. */
const maxMessageLength = 1000;
/** How many characters an encoded result may have. */
const maxResultLength = 256 * 1024;

/** Executes the actions of one type, with the handler of one plugin. */
export class ActionExecutor {
  readonly #options: ActionExecutorOptions;
  readonly #stop = new AbortController();
  readonly #running = new Set<Promise<unknown>>();
  #fingerprint: string | undefined;
  /** The errors of the handler's own deadline. Other deadlines, such as of a call to an agent, are transient. */
  readonly #deadlines = new WeakSet<Error>();

  constructor(options: ActionExecutorOptions) {
    this.#options = options;
  }

  get plugin(): string {
    return this.#options.plugin;
  }

  /** Whether browsers of a service may push it. */
  isExposedOn(service: ServiceName): boolean {
    return this.#options.services.includes(service);
  }

  /** Executes an action, unless the ledger has it already. Never rejects. */
  async execute(envelope: ActionEnvelope): Promise<Execution> {
    const execution = this.#execute(envelope);
    this.#running.add(execution);
    try {
      const outcome = await execution;
      if (outcome.kind === "full") this.#logFull(envelope);
      return outcome;
    } catch (error) {
      this.#logPutOff(error);
      return { kind: "later", code: PeekError.is(error) ? error.code : "ACTION_FAILED" };
    } finally {
      this.#running.delete(execution);
    }
  }

  /** Resolves when the actions that are being executed now have ended. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.#running);
  }

  /** Executes no more actions, and waits for those that are being executed. */
  async close(): Promise<void> {
    this.#stop.abort(new PeekError("PLUGIN_RELEASED", `${this.#options.plugin} is stopping.`));
    await Promise.allSettled(this.#running);
  }

  async #execute(envelope: ActionEnvelope): Promise<Execution> {
    const { type, ledger, plugin, run } = this.#options;
    const request = requestOf(envelope);
    let action: unknown;
    try {
      action = run(readAction, type, decode(envelope.body), `The action ${type.name}`);
    } catch (error) {
      if (!PeekError.is(error)) throw error;
      if (error.code === "DATA_INVALID" && this.#isOfOtherVersion(envelope)) return this.#unfit(envelope, error);
      return await this.#reject(envelope, { code: error.code, message: error.message });
    }
    for (let attempt = 1; ; attempt += 1) {
      this.#stop.signal.throwIfAborted();
      try {
        if (!(await this.#isAllowed(envelope))) {
          const message = `${envelope.user.name} is not allowed to do this.`;
          return await this.#reject(envelope, { code: "FORBIDDEN", message });
        }
        return await ledger.execute(plugin, request, (transaction) => this.#handle(action, envelope, transaction));
      } catch (error) {
        if (ActionRejection.is(error)) {
          return await this.#reject(envelope, { code: "ACTION_REJECTED", message: error.message });
        }
        if (isTransient(error, this.#deadlines) || this.#stop.signal.aborted) throw error;
        this.#logFailure(error, envelope, attempt);
        if (attempt >= maxAttempts) {
          const message = `${type.name} failed ${attempt} times and was rejected.`;
          return await this.#reject(envelope, { code: "ACTION_FAILED", message });
        }
        await wait(firstWaitMs * 2 ** (attempt - 1));
      }
    }
  }

  /** Whether the page of the device is known to have another version of the type, or does not use it yet. */
  #isOfOtherVersion({ contract }: ActionEnvelope): boolean {
    this.#fingerprint ??= digestOf([describeSchema(this.#options.type.schema)]);
    return contract !== undefined && contract !== this.#fingerprint;
  }

  #unfit({ user }: ActionEnvelope, { message }: PeekError): Execution {
    const { type, logger, logThrottle } = this.#options;
    const suppressed = logThrottle.count(`unfit ${type.name}`);
    if (suppressed !== undefined) {
      const facts = { code: "ACTION_UPDATE_NEEDED", user: user.id };
      logger.warning(
        facts,
        "%s of %s waits until its page is updated: %s%s",
        type.name,
        user.name,
        message,
        suppressed,
      );
    }
    return { kind: "unfit" };
  }

  async #isAllowed({ user }: ActionEnvelope): Promise<boolean> {
    const { options, run } = this.#options;
    const { authorize } = options;
    if (authorize === undefined) return true;
    // A plugin may be without types.
    const answer: unknown = await this.#within(async () => run(authorize, user));
    return answer === true;
  }

  /** Runs the handler within its deadline. After that, its transaction is over, and using it fails. */
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
    if (text.length <= maxResultLength) return text;
    throw new PeekError(
      "DATA_INVALID",
      `The result of the action ${type.name} has ${text.length} characters, more than the maximum of ${maxResultLength}.`,
    );
  }

  /** Runs code of the plugin until its deadline, or until the plugin stops. */
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
      // The signal outlives this call.
      this.#stop.signal.removeEventListener("abort", stop);
      // Nobody awaits it any more.
      ended.catch(() => undefined);
    }
  }

  async #reject(envelope: ActionEnvelope, { code, message }: Rejection): Promise<Execution> {
    const { plugin, ledger, type, logger, logThrottle } = this.#options;
    const cut = cutText(message, maxMessageLength);
    const { user, device, pushedAt, body } = envelope;
    const deadLetter = { action: type.name, body, user, device, pushedAt, code, message: cut };
    const rejection: Rejection = { code, message: cut };
    const outcome = await ledger.reject(plugin, requestOf(envelope), encode(rejection), deadLetter);
    if (outcome.kind === "rejected" && !outcome.repeated) {
      const suppressed = logThrottle.count(`rejected ${type.name} ${code}`);
      if (suppressed !== undefined) {
        logger.warning({ code, user: user.id }, "%s of %s was rejected: %s%s", type.name, user.name, cut, suppressed);
      }
    }
    return outcome;
  }

  #logFailure(error: unknown, { user }: ActionEnvelope, attempt: number): void {
    const { type, logger, logThrottle } = this.#options;
    const suppressed = logThrottle.count(`failed ${type.name}`);
    if (suppressed === undefined) return;
    const facts = { err: toError(error), user: user.id };
    logger.error(
      facts,
      "%s failed, attempt %d of %d: %s%s",
      type.name,
      attempt,
      maxAttempts,
      messageOf(error),
      suppressed,
    );
  }

  #logFull({ user, device }: ActionEnvelope): void {
    const { type, logger, logThrottle } = this.#options;
    const suppressed = logThrottle.count(`full ${type.plugin}`);
    if (suppressed === undefined) return;
    logger.warning(
      { code: "CLIENT_OVERLOAD", user: user.id, device },
      "%s of %s waits: the user or the device has reached the limit of lanes, and used all of them in the last 24 hours; see peek status%s",
      type.name,
      user.name,
      suppressed,
    );
  }

  #logPutOff(error: unknown): void {
    const { type, logger, logThrottle } = this.#options;
    if (this.#stop.signal.aborted) return;
    const suppressed = logThrottle.count(`put off ${type.name}`);
    if (suppressed === undefined) return;
    const facts = PeekError.is(error) ? { code: error.code } : { err: toError(error) };
    logger.warning(facts, "%s was put off; trying again: %s%s", type.name, messageOf(error), suppressed);
  }
}

function requestOf({ client, lane, sequence, after, acknowledged, user, device }: ActionEnvelope): LedgerRequest {
  return { client, lane, sequence, after, acknowledged, userId: user.id, device };
}

function tooLate(name: string, deadlineMs: number): PeekError {
  return new PeekError("DEADLINE_EXCEEDED", `The handler of ${name} took longer than ${deadlineMs} ms.`);
}
