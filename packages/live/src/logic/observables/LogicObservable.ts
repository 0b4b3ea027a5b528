import { cutText, messageOf, PeekError } from "@peek/errors";
import type { Resume } from "@peek/live-protocol";
import type { PeekUser, ServiceName, TableChange } from "@peek/plugin-base";
import { checkData, TupleSelector } from "@peek/plugin-base/contracts";
import type { ChangeSource } from "@peek/plugin-base/internal";
import { z } from "zod";
import { channelKey } from "../../channel/channelKey.ts";
import { observableUpdating } from "../../channel/pluginUpdating.ts";
import type { StaleChannel } from "../../channel/StaleStatus.ts";
import type { Admission, ChannelUpdate } from "../../rpc/ObservablesRpc.ts";
import { authorizedScope } from "./authorizedScope.ts";
import type { ChannelContext } from "./ChannelContext.ts";
import type { ChangeProgress } from "./ChannelCurrency.ts";
import { LogicChannel } from "./LogicChannel.ts";
import { singleItem } from "./singleItem.ts";
import { TableWatcher } from "./TableWatcher.ts";

/** How many channels one process has at most. */
const maxChannels = 100_000;
const maxMessageLength = 2000;

const anySelector = z.object({});

/** Without tables: the plugin reports changes itself, at once. */
const alwaysReported: ChangeProgress = { reportedUntil: Infinity, trouble: undefined };

/** Options of a {@link LogicObservable}. */
export interface LogicObservableOptions {
  readonly context: ChannelContext;
  readonly changes: () => ChangeSource | undefined;
  /** The channels of all observables, by channelKey. */
  readonly channels: Map<string, LogicChannel>;
  /** Called when its rights may have changed. */
  readonly onRightsChanged: (observable: string) => void;
}

/** An observable that a plugin provides, and its channels. */
export class LogicObservable implements AsyncDisposable {
  readonly #options: LogicObservableOptions;
  readonly #context: ChannelContext;
  readonly #own = new Map<string, { readonly selector: string; readonly channel: LogicChannel }>();
  readonly #watchers = new AsyncDisposableStack();
  readonly #progress: ChangeProgress;
  /** The questions that its provider is being asked. */
  readonly #admitting = new Set<Promise<unknown>>();
  #isSuspended = false;
  #isClosed = false;

  constructor(options: LogicObservableOptions) {
    this.#options = options;
    this.#context = options.context;
    const { provider } = this.#context;
    const { tables = [], rightsTables = [] } = provider;
    this.#progress =
      tables.length === 0
        ? alwaysReported
        : this.#watch(tables, {
            rows: provider.affects !== undefined,
            onChange: (changes) => this.#onChanges(changes),
            onInstalled: () => this.notify(),
          });
    if (rightsTables.length > 0) {
      const onChange = (): void => this.rightsChanged();
      this.#watch(rightsTables, { rows: false, onChange, onInstalled: onChange });
    }
  }

  get name(): string {
    return this.#context.type.name;
  }

  get guarded(): boolean {
    return this.#context.guarded;
  }

  /** Whether browsers of a service may watch it. */
  isExposedOn(service: ServiceName): boolean {
    return this.#context.services.includes(service);
  }

  /**
   * Follows one of its channels.
   *
   * @param guarded Whether the gateway believes that logic decides for each user. If that is wrong, it is sent no tuples.
   * @throws PeekError `DATA_INVALID` when the provider's schema refuses the selector; `SUBSCRIPTION_LIMIT`; `OBSERVABLE_UNKNOWN`.
   */
  follow(
    selector: TupleSelector,
    scope: string,
    guarded: boolean,
    at: Resume | undefined,
  ): AsyncIterableIterator<ChannelUpdate, undefined> {
    if (this.#isClosed) throw unknownObservable(this.name);
    if (guarded !== this.guarded) {
      return singleItem({ k: "open", key: [...this.#context.type.key], guarded: this.guarded });
    }
    const key = channelKey(selector.canonical(), scope);
    const channel = this.#own.get(key)?.channel ?? this.#create(key, selector, scope);
    return channel.follow(at);
  }

  /** Whether a user may watch, and in which scope. Never rejects. */
  async admit(user: PeekUser, selector: TupleSelector): Promise<Admission> {
    const { provider, guarded, run } = this.#context;
    let parsed: unknown;
    try {
      parsed = this.#parse(selector);
    } catch (error) {
      return { ok: false, code: "DATA_INVALID", message: cutText(messageOf(error), maxMessageLength) };
    }
    if (!guarded) return { ok: true, scope: "", guarded };
    try {
      const scope = await this.#tracked(authorizedScope(provider, user, parsed, run));
      if (scope !== undefined) return { ok: true, scope, guarded };
      return { ok: false, code: "FORBIDDEN", message: `${user.name} may not watch ${this.name}.` };
    } catch (error) {
      this.#logFailure("authorize", "authorize() of %s failed; the user was refused: %s%s", error);
      return {
        ok: false,
        code: "OBSERVABLE_LOAD_FAILED",
        message: `Failed to authorize ${user.name} for ${this.name}. Try again later; see the log of the logic service.`,
      };
    }
  }

  /** Loads channels again. @param selector Only those of this canonical selector. Default: all. */
  notify(selector?: string): void {
    for (const own of this.#own.values()) {
      if (selector === undefined || own.selector === selector) own.channel.changed();
    }
  }

  /** The plugin is suspended: the channels are stale, and their followers end with `PLUGIN_UPDATING` if it is withdrawn. */
  suspend(): void {
    this.#isSuspended = true;
    for (const { channel } of this.#own.values()) channel.suspend();
  }

  resume(): void {
    this.#isSuspended = false;
    for (const { channel } of this.#own.values()) channel.resume();
  }

  /** Resolves when its provider is not being asked who may watch. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.#admitting);
  }

  /** The channels that have followers. */
  *followed(): Generator<StaleChannel, undefined> {
    for (const { selector, channel } of this.#own.values()) {
      if (channel.followers === 0) continue;
      yield { selector: TupleSelector.parse(selector), staleness: channel.staleness };
    }
    return undefined;
  }

  rightsChanged(): void {
    if (!this.#isClosed) this.#options.onRightsChanged(this.name);
  }

  /** Ends all followers. Resolves when load() does not run any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    const closing = [...this.#own.keys()].map((key) => this.#close(key));
    await Promise.all([...closing, this.#watchers.disposeAsync()]);
  }

  #create(key: string, selector: TupleSelector, scope: string): LogicChannel {
    const { channels } = this.#options;
    if (channels.size >= maxChannels) {
      throw new PeekError(
        "SUBSCRIPTION_LIMIT",
        `Failed to follow ${this.name}: the service already has ${maxChannels} channels, the maximum.`,
        { fields: { observable: this.name } },
      );
    }
    const context = { ...this.#context, changes: this.#progress };
    const channel = new LogicChannel(context, this.#parse(selector), scope, () => void this.#close(key));
    this.#own.set(key, { selector: selector.canonical(), channel });
    channels.set(key, channel);
    return channel;
  }

  /** Never rejects. */
  async #close(key: string): Promise<void> {
    const own = this.#own.get(key);
    if (own === undefined) return;
    this.#own.delete(key);
    this.#options.channels.delete(key);
    own.channel.close(this.#isSuspended ? observableUpdating(this.name) : unknownObservable(this.name));
    await own.channel[Symbol.asyncDispose]();
  }

  async #tracked<Result>(question: Promise<Result>): Promise<Result> {
    this.#admitting.add(question);
    try {
      return await question;
    } finally {
      this.#admitting.delete(question);
    }
  }

  #parse(selector: TupleSelector): unknown {
    return checkData(this.#context.provider.selector ?? anySelector, selector.selector, `the selector of ${this.name}`);
  }

  #watch(
    tables: readonly string[],
    on: {
      readonly rows: boolean;
      readonly onChange: (changes: readonly TableChange[]) => void;
      readonly onInstalled: () => void;
    },
  ): TableWatcher {
    return this.#watchers.use(
      new TableWatcher({
        source: this.#options.changes,
        plugin: this.#context.type.plugin,
        tables: [...tables],
        ...on,
        onFailure: (error) => this.#logUnwatched(error),
      }),
    );
  }

  #onChanges(changes: readonly TableChange[]): void {
    const { reportedUntil } = this.#progress;
    this.#context.run(() => {
      for (const { channel } of this.#own.values()) {
        if (changes.some((change) => this.#affects(change, channel.selector))) channel.changed(reportedUntil);
      }
    });
  }

  #affects(change: TableChange, selector: unknown): boolean {
    const { provider } = this.#context;
    // Unknown rows may belong to any channel.
    if (change.rows === undefined) return true;
    try {
      return provider.affects?.(change, selector) !== false;
    } catch (error) {
      this.#logFailure("affects", "affects() of %s failed; all its channels are loaded again: %s%s", error);
      return true;
    }
  }

  #logFailure(kind: string, format: string, error: unknown): void {
    const { logger, logThrottle } = this.#context;
    const suppressed = logThrottle.count(`${kind} ${this.name}`);
    if (suppressed !== undefined) logger.error({ err: error }, format, this.name, messageOf(error), suppressed);
  }

  #logUnwatched(error: Error): void {
    const { logger, logThrottle } = this.#context;
    const suppressed = logThrottle.count(`watch ${this.name}`);
    if (suppressed === undefined) return;
    logger.warning(
      { err: error },
      "Failed to follow the tables of %s, so that changes are not seen; trying again: %s%s",
      this.name,
      messageOf(error),
      suppressed,
    );
  }
}

/** The error of an observable that no plugin provides. */
export function unknownObservable(name: string): PeekError {
  return new PeekError("OBSERVABLE_UNKNOWN", `The logic service does not provide ${name}. Enable its plugin there.`, {
    fields: { observable: name },
  });
}
