import { setTimeout } from "node:timers/promises";
import { messageOf, PeekError } from "@peek/errors";
import type { TupleSelector } from "@peek/plugin-base/contracts";
import { Backoff, settledOrAborted, waitAtMost } from "@peek/kit";
import type { Admission } from "../../rpc/ObservablesRpc.ts";
import type { LogicClient } from "../logic/LogicClient.ts";
import type { ChannelQuota } from "./ChannelQuota.ts";

/**
 * When rights change faster than logic answers, a refusal counts after this many answers: the user can ask again. An admission never
 * counts then.
 */
const maxAsks = 5;
/** The longest wait before logic is asked again. */
const maxBackoffMs = 500;

/** Knowledge of an observable: the scope of all users, or that logic decides for each user. */
type Known = { readonly scope: string } | "guarded";

interface Answer {
  readonly admission: Admission;
  /** Whether rights have changed since logic was asked. */
  readonly isOutdated: boolean;
}

interface PendingQuestion {
  readonly observable: string;
  isOutdated: boolean;
}

/**
 * Knows which observables are open to all users, so that logic is not asked for each browser. When thousands of browsers come at the
 * same time, the first asks for all.
 */
export class AdmissionCache {
  readonly #logic: LogicClient;
  readonly #known = new Map<string, Known>();
  /** The first question about an observable. */
  readonly #probes = new Map<string, Promise<Answer>>();
  readonly #pending = new Set<PendingQuestion>();
  /** The next changes of rights that are waited for, by observable. */
  readonly #changes = new Map<string, PromiseWithResolvers<void>>();

  constructor(logic: LogicClient) {
    this.#logic = logic;
  }

  /** The scope of an observable that all users may watch; undefined when logic has to be asked. */
  scopeOf(observable: string): string | undefined {
    const known = this.#known.get(observable);
    return typeof known === "object" ? known.scope : undefined;
  }

  /**
   * Asks whether a user may watch. Waits while logic is not reached, and while the plugin is suspended there.
   *
   * @param proof Of the user's session.
   * @param quota Limits the questions to logic; an answer that is known needs no token.
   * @returns The answer at a time after the last change of rights.
   * @throws The signal's reason.
   */
  async ask(proof: string, selector: TupleSelector, quota: ChannelQuota, signal: AbortSignal): Promise<Admission> {
    const observable = selector.name;
    const backoff = new Backoff({ maxMs: maxBackoffMs });
    const updating = new Backoff();
    const probe = this.#known.has(observable) ? undefined : this.#probes.get(observable);
    if (probe !== undefined) await settledOrAborted(probe, signal);
    for (;;) {
      signal.throwIfAborted();
      const scope = this.scopeOf(observable);
      if (scope !== undefined) return { ok: true, scope, guarded: false };
      if (!quota.tryTake()) {
        await quota.take(signal);
        continue;
      }
      const { admission, isOutdated } = await this.#askLogic(proof, selector, signal);
      if (!admission.ok && admission.code === "PLUGIN_UPDATING") {
        if (!isOutdated) await this.#changed(observable, updating.next(), signal);
        continue;
      }
      if (!isOutdated || (!admission.ok && backoff.attempts >= maxAsks - 1)) return admission;
      await setTimeout(backoff.next(), undefined, { signal }).catch(() => undefined);
    }
  }

  /** Discards the knowledge, because rights have changed. @param observable Default: all. */
  invalidate(observable?: string): void {
    for (const question of this.#pending) {
      if (observable === undefined || question.observable === observable) question.isOutdated = true;
    }
    if (observable === undefined) this.#known.clear();
    else this.#known.delete(observable);
    for (const [name, { resolve }] of this.#changes) {
      if (observable !== undefined && name !== observable) continue;
      this.#changes.delete(name);
      resolve();
    }
  }

  /** Waits until rights have changed, as logic reports when it has resumed a plugin; at most for a time. */
  async #changed(observable: string, atMostMs: number, signal: AbortSignal): Promise<void> {
    const change = this.#changes.get(observable) ?? Promise.withResolvers<void>();
    this.#changes.set(observable, change);
    await waitAtMost(atMostMs, settledOrAborted(change.promise, signal));
  }

  #askLogic(proof: string, selector: TupleSelector, signal: AbortSignal): Promise<Answer> {
    const observable = selector.name;
    const asking = this.#answer(proof, selector, signal);
    if (this.#known.has(observable) || this.#probes.has(observable)) return asking;
    this.#probes.set(observable, asking);
    void this.#removeProbe(observable, asking);
    return asking;
  }

  async #removeProbe(observable: string, asking: Promise<Answer>): Promise<void> {
    await Promise.allSettled([asking]);
    this.#probes.delete(observable);
  }

  /** The cache has learned from the answer when it is returned. */
  async #answer(proof: string, selector: TupleSelector, signal: AbortSignal): Promise<Answer> {
    const question: PendingQuestion = { observable: selector.name, isOutdated: false };
    this.#pending.add(question);
    try {
      const admission = await this.#admit(proof, selector, signal);
      if (!question.isOutdated) this.#learn(selector.name, admission);
      return { admission, isOutdated: question.isOutdated };
    } finally {
      this.#pending.delete(question);
    }
  }

  async #admit(proof: string, selector: TupleSelector, signal: AbortSignal): Promise<Admission> {
    try {
      return await this.#logic.admit(proof, selector, signal);
    } catch (error) {
      signal.throwIfAborted();
      const code = PeekError.is(error) ? error.code : "OBSERVABLE_LOAD_FAILED";
      return { ok: false, code, message: messageOf(error) };
    }
  }

  #learn(observable: string, admission: Admission): void {
    if (admission.ok) this.#known.set(observable, admission.guarded ? "guarded" : { scope: admission.scope });
    else if (admission.code === "FORBIDDEN") this.#known.set(observable, "guarded");
  }
}
