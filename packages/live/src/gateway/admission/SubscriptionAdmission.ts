import { messageOf, PeekError } from "@peek/errors";
import { settledOrAborted } from "@peek/kit";
import { pluginOf } from "../../channel/pluginUpdating.ts";
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
    if (this.#exposed.observable(subscription.selector.name) === "updating") return false;
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
   * Asks logic whether a subscription may watch, and admits or refuses it. Waits while the plugin is suspended.
   *
   * @throws The signal's reason.
   */
  async admit(subscription: Subscription, signal: AbortSignal): Promise<void> {
    subscription.isPending = true;
    const admission = await this.#askExposed(subscription, signal);
    subscription.isPending = false;
    if (subscription.isOver || admission === undefined) return;
    if (!admission.ok) return this.#refuse(subscription, admission.code, admission.message);
    const { channel } = subscription;
    if (channel?.scope === admission.scope && channel.guarded === admission.guarded) return;
    this.#watch(subscription, admission);
  }

  /** Has all subscriptions admitted anew. @param observable Default: those to all observables. */
  rightsChanged(observable?: string): void {
    this.#cache.invalidate(observable);
    for (const each of this.#channels.subscribers(observable)) each.readmit();
  }

  /** Has the subscriptions to the observables of a plugin admitted anew, which was updated on this service. */
  pluginResumed(plugin: string): void {
    const observables = new Set<string>();
    for (const { selector } of this.#channels.all())
      if (pluginOf(selector.name) === plugin) observables.add(selector.name);
    for (const observable of observables) this.rightsChanged(observable);
  }

  /** Ends the subscriptions to an observable that is no longer exposed. */
  hide(observable: string): void {
    const message = `The service no longer exposes the observable ${observable}.`;
    for (const each of this.#channels.subscribers(observable)) each.refuse("OBSERVABLE_UNKNOWN", message);
  }

  /** The answer of a time when the plugin was not suspended here; undefined when the subscription was refused. */
  async #askExposed(subscription: Subscription, signal: AbortSignal): Promise<Admission | undefined> {
    const { name } = subscription.selector;
    for (;;) {
      await settledOrAborted(this.#exposed.over(name), signal);
      signal.throwIfAborted();
      if (this.#refuseHidden(subscription)) return undefined;
      const admission = await this.#ask(subscription, signal);
      if (this.#exposed.observable(name) === "updating") continue;
      if (admission.ok && this.#refuseHidden(subscription)) return undefined;
      return admission;
    }
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

  /** Returns whether the subscription was refused, because nobody exposes its observable. Only while its plugin is not suspended. */
  #refuseHidden(subscription: Subscription): boolean {
    const { name } = subscription.selector;
    if (this.#exposed.observable(name) !== "unknown") return false;
    subscription.refuse("OBSERVABLE_UNKNOWN", `The service does not expose the observable ${name}.`);
    return true;
  }
}
