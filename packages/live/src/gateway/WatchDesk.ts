import { messageOf, PeekError } from "@peek/errors";
import type { TupleSelector } from "@peek/plugin-base/contracts";
import type { Admission } from "../rpc/ObservablesRpc.ts";
import type { Admissions } from "./Admissions.ts";
import { Allowances } from "./Allowances.ts";
import type { ChannelTable, Place } from "./ChannelTable.ts";
import type { Exposure } from "./Exposure.ts";
import { Fee } from "./Fee.ts";
import type { Subscription } from "./Subscription.ts";

/** Lets browsers watch what plugins expose, and what their users may. */
export class WatchDesk {
  readonly #exposure: Exposure;
  readonly #admissions: Admissions;
  readonly #channels: ChannelTable;
  readonly #allowances = new Allowances();

  constructor(exposure: Exposure, admissions: Admissions, channels: ChannelTable) {
    this.#exposure = exposure;
    this.#admissions = admissions;
    this.#channels = channels;
  }

  /** Lets a new subscription watch, as soon as it is known that it may; or refuses it. */
  begin(subscription: Subscription, selector: TupleSelector): void {
    if (!this.#isExposed(subscription, selector)) return;
    const scope = this.#admissions.scopeOf(selector.name);
    const place = scope === undefined ? undefined : { scope, guarded: false };
    const fee = this.#feeOf(subscription);
    if (place !== undefined && (this.#channels.has(selector, place) || fee.tryPay()))
      this.#watch(subscription, selector, place);
    else this.#ask(subscription, selector, fee);
  }

  /** Asks anew whether one may go on. */
  readmit(subscription: Subscription): void {
    const selector = subscription.channel?.selector;
    // An answer that is on its way is asked for anew by itself.
    if (subscription.isAsking || subscription.isOver || selector === undefined) return;
    this.#ask(subscription, selector, this.#feeOf(subscription));
  }

  /** Asks anew for all who watch. @param observable Undefined: anything. */
  rightsChanged(observable?: string): void {
    this.#admissions.forget(observable);
    for (const each of this.#channels.subscriptions(observable)) this.readmit(each);
  }

  /** Ends what is watched of an observable that is not exposed any more. */
  hide(observable: string): void {
    const message = `The service does not expose the observable ${observable} any more.`;
    for (const each of this.#channels.subscriptions(observable)) each.refuse("OBSERVABLE_UNKNOWN", message);
  }

  /** Forgets what one that has ended watched. */
  leave(subscription: Subscription): void {
    if (subscription.channel !== undefined) this.#channels.release(subscription.channel);
  }

  /** To be called with each tick. */
  tick(): void {
    this.#allowances.sweep();
  }

  #feeOf({ subscriber, channel }: Subscription): Fee {
    return new Fee(this.#allowances.of(subscriber.session.user.id), channel !== undefined);
  }

  #ask(subscription: Subscription, selector: TupleSelector, fee: Fee): void {
    subscription.isAsking = true;
    subscription.subscriber.run((signal) => this.#admit(subscription, selector, fee, signal));
  }

  async #admit(subscription: Subscription, selector: TupleSelector, fee: Fee, signal: AbortSignal): Promise<void> {
    const { proof } = subscription.subscriber.session;
    const ask = (): Promise<Admission> => this.#admissions.ask(proof, selector, fee, signal);
    let admission = await ask();
    while (!subscription.isOver && admission.ok && !this.#channels.has(selector, admission) && !fee.tryPay()) {
      await fee.pay(signal);
      // It may have changed since.
      admission = await ask();
    }
    subscription.isAsking = false;
    if (subscription.isOver) return;
    if (!admission.ok) return this.#refused(subscription, admission.code, admission.message);
    if (!this.#isExposed(subscription, selector)) return;
    subscription.isUnsure = false;
    const { channel } = subscription;
    if (channel?.scope === admission.scope && channel.guarded === admission.guarded) return;
    this.#watch(subscription, selector, admission);
  }

  #refused(subscription: Subscription, code: string, message: string): void {
    const { channel } = subscription;
    // The connection is closed as soon as the service knows that too, and what is shown stays until then.
    if (code === "SESSION_ENDED") return;
    // Logic has not loaded the plugin yet, and sends nothing of it: what is shown stays, and is asked for when there is more.
    if (channel === undefined || code !== "OBSERVABLE_UNKNOWN") subscription.refuse(code, message);
    else if (channel.isLive) this.readmit(subscription);
    else subscription.isUnsure = true;
  }

  #watch(subscription: Subscription, selector: TupleSelector, place: Place): void {
    const before = subscription.channel;
    try {
      subscription.watch(this.#channels.get(selector, place));
    } catch (error) {
      // There may be too many channels.
      subscription.refuse(PeekError.is(error) ? error.code : "INTERNAL", messageOf(error));
      return;
    }
    if (before !== undefined) this.#channels.release(before);
  }

  #isExposed(subscription: Subscription, selector: TupleSelector): boolean {
    if (this.#exposure.hasObservable(selector.name)) return true;
    subscription.refuse("OBSERVABLE_UNKNOWN", `The service does not expose the observable ${selector.name}.`);
    return false;
  }
}
