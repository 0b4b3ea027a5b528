import { cutText, messageOf } from "@peek/errors";
import { Semaphore } from "@peek/kit";
import type { PeerIdentity, ServiceName } from "@peek/plugin-base";
import { TupleSelector } from "@peek/plugin-base/contracts";
import type { SessionCheck } from "@peek/plugin-base/internal";
import { observableUpdating } from "../../channel/pluginUpdating.ts";
import type { Admission, Ask } from "../../rpc/ObservablesRpc.ts";
import { type LogicObservable, unknownObservable } from "./LogicObservable.ts";
import { RecentAdmissions } from "./RecentAdmissions.ts";

/** How many questions are answered at a time: of one call, and of all streams that are opened. */
const concurrency = 32;
const maxMessageLength = 2000;

/** Finds an observable that browsers of a service may watch. */
type FindObservable = (name: string, service: ServiceName) => LogicObservable | undefined;

/** Whether the plugin of an observable is suspended. */
type IsSuspended = (name: string) => boolean;

/** Answers gateways whether the users of sessions may watch. */
export class UserAdmission {
  readonly #sessions: SessionCheck;
  readonly #find: FindObservable;
  readonly #recent = new RecentAdmissions();
  readonly #semaphore = new Semaphore(concurrency);
  readonly #isSuspended: IsSuspended;

  constructor(sessions: SessionCheck, find: FindObservable, isSuspended: IsSuspended) {
    this.#sessions = sessions;
    this.#find = find;
    this.#isSuspended = isSuspended;
  }

  /** The answers to questions, in their order. */
  async admitAll(asks: readonly Ask[], from: PeerIdentity): Promise<Admission[]> {
    const admissions: Admission[] = [];
    const rest = asks.entries();
    const work = async (): Promise<void> => {
      for (const [index, ask] of rest) admissions[index] = await this.#admit(ask, from);
    };
    await Promise.all(Array.from({ length: concurrency }, work));
    return admissions;
  }

  /** Whether a channel may be followed on behalf of a session. */
  async mayFollow(
    proof: string,
    from: PeerIdentity,
    observable: LogicObservable,
    selector: TupleSelector,
    scope: string,
  ): Promise<boolean> {
    if (!this.#sessions(proof, from).ok) return false;
    if (!observable.guarded) return scope === "";
    const canonical = selector.canonical();
    const known = this.#recent.of(observable.name).scopeOf(sessionKey(proof, from), canonical);
    if (known !== undefined) return known === scope;
    const admission = await this.#semaphore.run(() => this.#admit({ proof, selector: canonical }, from));
    return admission.ok && admission.scope === scope;
  }

  /** Rights have changed. */
  invalidate(observable: string): void {
    this.#recent.invalidate(observable);
  }

  /** Discards old answers. */
  sweep(): void {
    this.#recent.sweep();
  }

  async #admit({ proof, selector: canonical }: Ask, from: PeerIdentity): Promise<Admission> {
    let selector: TupleSelector;
    try {
      selector = TupleSelector.parse(canonical);
    } catch (error) {
      return { ok: false, code: "DATA_INVALID", message: cutText(messageOf(error), maxMessageLength) };
    }
    const session = this.#sessions(proof, from);
    if (!session.ok) return session;
    // The gateway asks again: waiting here would delay the answers about observables of other plugins.
    if (this.#isSuspended(selector.name)) {
      const { code, message } = observableUpdating(selector.name);
      return { ok: false, code, message };
    }
    const observable = this.#find(selector.name, from.service);
    if (observable === undefined) {
      const { code, message } = unknownObservable(selector.name);
      return { ok: false, code, message };
    }
    const recent = this.#recent.of(selector.name);
    const admission = await observable.admit(session.user, selector);
    if (admission.ok && admission.guarded) recent.learn(sessionKey(proof, from), canonical, admission.scope);
    return admission;
  }
}

/** Identifies a session among those of all services. */
function sessionKey(proof: string, { service }: PeerIdentity): string {
  return `${service}\n${proof}`;
}
