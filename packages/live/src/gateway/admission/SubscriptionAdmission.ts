import { messageOf, PeekError } from "@peek/errors";
import { RateLimiter } from "../../limits/RateLimiter.ts";
import type { Admission } from "../../rpc/ObservablesRpc.ts";
import type { ChannelRegistry } from "../channels/ChannelRegistry.ts";
import type { ChannelScope } from "../channels/GatewayChannel.ts";
import type { Subscription } from "../channels/Subscription.ts";
import type { ExposedContracts } from "../exposed/ExposedContracts.ts";
import type { AdmissionCache } from "./AdmissionCache.ts";
import { ChannelQuota, newChannelRate } from "./ChannelQuota.ts";

/** Decides whether subscriptions may watch, and connects them to their channels. */
export class SubscriptionAdmission {
  readonly #exposed: ExposedContracts;
  readonly #cache: AdmissionCache;
  readonly #channels: ChannelRegistry;
  readonly #limiter = new RateLimiter(newChannelRate);

  constructor(exposed: ExposedContracts, cache: AdmissionCache, channels: ChannelRegistry) {
    this.#exposed = exposed;
    this.#cache = cache;
    this.#channels = channels;
  }

  /** Admits or refuses a new subscription, if logic need not be asked. Returns false when {@link admit} has to. */
  tryAdmit(subscription: Subscription): boolean {
    if (this.#refuseHidden(subscription)) return true;
    const scope = this.#cache.scopeOf(subscription.selector.name);
    if (scope === undefined) return false;
    const channelScope = { scope, guarded: false };
    if (!this.#channels.isWatched(subscription.selector, channelScope) && !this.#quotaOf(subscription).tryTake())
      return false;
    this.#watch(subscription, channelScope);
    return true;
  }

  /**
   * Asks logic whether a subscription may watch, and admits or refuses it.
   *
   * @throws The signal's reason.
   */
  async admit(subscription: Subscription, signal: AbortSignal): Promise<void> {
    subscription.isPending = true;
    const admission = await this.#ask(subscription, signal);
    subscription.isPending = false;
    if (subscription.isOver) return;
    if (!admission.ok) return this.#refuse(subscription, admission.code, admission.message);
    if (this.#refuseHidden(subscription)) return;
    const { channel } = subscription;
    if (channel?.scope === admission.scope && channel.guarded === admission.guarded) return;
    this.#watch(subscription, admission);
  }

  /** Has all subscriptions admitted anew. @param observable Default: those to all observables. */
  rightsChanged(observable?: string): void {
    this.#cache.invalidate(observable);
    for (const each of this.#channels.subscribers(observable)) each.readmit();
  }

  /** Ends the subscriptions to an observable that is no longer exposed. */
  hide(observable: string): void {
    const message = `The service no longer exposes the observable ${observable}.`;
    for (const each of this.#channels.subscribers(observable)) each.refuse("OBSERVABLE_UNKNOWN", message);
  }

  async #ask(subscription: Subscription, signal: AbortSignal): Promise<Admission> {
    const { selector, session } = subscription;
    const quota = this.#quotaOf(subscription);
    const ask = (): Promise<Admission> => this.#cache.ask(session.proof, selector, quota, signal);
    let admission = await ask();
    while (!subscription.isOver && admission.ok && !this.#channels.isWatched(selector, admission) && !quota.tryTake()) {
      await quota.take(signal);
      // Rights may have changed since.
      admission = await ask();
    }
    return admission;
  }

  #quotaOf({ session, channel }: Subscription): ChannelQuota {
    return new ChannelQuota(this.#limiter, session.user.id, channel !== undefined);
  }

  #refuse(subscription: Subscription, code: string, message: string): void {
    // This service closes the connection as soon as it has heard of the end itself; the tuples stay until then.
    if (code === "SESSION_ENDED") return;
    const isLoading = code === "OBSERVABLE_UNKNOWN" && subscription.channel !== undefined;
    // Logic has not loaded the plugin yet, and sends nothing of it: the tuples stay until it has.
    if (isLoading) subscription.readmitWhenLive();
    else subscription.refuse(code, message);
  }

  #watch(subscription: Subscription, channelScope: ChannelScope): void {
    try {
      subscription.watch(this.#channels.open({ selector: subscription.selector, ...channelScope }));
    } catch (error) {
      // There may be too many channels.
      subscription.refuse(PeekError.is(error) ? error.code : "INTERNAL", messageOf(error));
    }
  }

  /** Returns whether the subscription was refused, because nobody exposes its observable. */
  #refuseHidden(subscription: Subscription): boolean {
    const { name } = subscription.selector;
    if (this.#exposed.hasObservable(name)) return false;
    subscription.refuse("OBSERVABLE_UNKNOWN", `The service does not expose the observable ${name}.`);
    return true;
  }
}
