import { cutText, messageOf, PeekError } from "@peek/errors";
import type { PeekUser, ServiceName, TableChange } from "@peek/plugin-base";
import { checkData, TupleSelector } from "@peek/plugin-base/contracts";
import type { ChangeSource } from "@peek/plugin-base/internal";
import { z } from "zod";
import type { Resume } from "@peek/live-protocol";
import { admitted } from "./admitted.ts";
import { channelKey } from "../../channel/channelKey.ts";
import type { ChannelContext } from "./ChannelContext.ts";
import type { ChangesTold } from "./ChannelCurrency.ts";
import { LogicChannel } from "./LogicChannel.ts";
import type { Admission, ChannelUpdate } from "../../rpc/ObservablesRpc.ts";
import { only } from "./only.ts";
import type { StaleChannel } from "../../channel/StaleStatus.ts";
import { TableWatch } from "./TableWatch.ts";

/** How many channels one process has at most. */
const maxChannels = 100_000;

const anySelector = z.object({});

/** What a {@link LogicObservable} is made of. */
export interface LogicObservableOptions {
  readonly context: ChannelContext;
  readonly changes: () => ChangeSource | undefined;
  /** All channels of the process, by channelKey; it keeps its own there. */
  readonly channels: Map<string, LogicChannel>;
  /** Told when who may watch may have changed. */
  readonly onRights: (observable: string) => void;
}

/** An observable that a plugin provides. */
export class LogicObservable implements AsyncDisposable {
  readonly #options: LogicObservableOptions;
  readonly #context: ChannelContext;
  readonly #own = new Map<string, { readonly selector: string; readonly channel: LogicChannel }>();
  readonly #watches = new AsyncDisposableStack();
  /** How far changes of its tables have been told; of what is in no table, by the plugin, at once. */
  readonly #told: ChangesTold;
  #isClosed = false;

  constructor(options: LogicObservableOptions) {
    this.#options = options;
    this.#context = options.context;
    const { provider } = this.#context;
    const { tables = [], rightsTables = [] } = provider;
    this.#told =
      tables.length === 0
        ? tellsAtOnce
        : this.#watch(
            tables,
            provider.affects !== undefined,
            (changes) => this.#onChanges(changes),
            () => this.notify(),
          );
    if (rightsTables.length > 0) {
      const told = (): void => this.rightsChanged();
      this.#watch(rightsTables, false, told, told);
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
   * @param guarded What whoever follows takes it for: when that is wrong, nothing is shown.
   * @throws PeekError `DATA_INVALID` for a selector that its schema does not take, `SUBSCRIPTION_LIMIT`, `OBSERVABLE_UNKNOWN`.
   */
  follow(
    selector: TupleSelector,
    scope: string,
    guarded: boolean,
    at: Resume | undefined,
  ): AsyncIterableIterator<ChannelUpdate, undefined> {
    if (this.#isClosed) throw unknownObservable(this.name);
    if (guarded !== this.guarded) return only({ k: "open", key: [...this.#context.type.key], guarded: this.guarded });
    const canonical = selector.canonical();
    const key = channelKey(canonical, scope);
    const known = this.#own.get(key);
    if (known !== undefined) return known.channel.follow(at);
    const { channels } = this.#options;
    if (channels.size >= maxChannels) {
      throw new PeekError(
        "SUBSCRIPTION_LIMIT",
        `${this.name} cannot be followed: ${maxChannels} channels are followed in this process, and that is as many as it takes.`,
        { fields: { observable: this.name } },
      );
    }
    const channel = new LogicChannel(
      { ...this.#context, changes: this.#told },
      this.#checked(selector),
      scope,
      () => void this.#drop(key),
    );
    this.#own.set(key, { selector: canonical, channel });
    channels.set(key, channel);
    return channel.follow(at);
  }

  /** Whether a user may watch, and in which scope. Never rejects. */
  async admit(user: PeekUser, selector: TupleSelector): Promise<Admission> {
    const { provider, guarded, logger, rateLimit, run } = this.#context;
    let checked: unknown;
    try {
      checked = this.#checked(selector);
    } catch (error) {
      return { ok: false, code: "DATA_INVALID", message: cutText(messageOf(error), maxMessageLength) };
    }
    if (!guarded) return { ok: true, scope: "", guarded };
    try {
      const scope = await admitted(provider, user, checked, run);
      if (scope !== undefined) return { ok: true, scope, guarded };
      return { ok: false, code: "FORBIDDEN", message: `${user.name} may not watch ${this.name}.` };
    } catch (error) {
      const untold = rateLimit.count(`admit ${this.name}`);
      if (untold !== undefined) {
        logger.error(
          { err: error },
          "Nobody could be found out to be let watch %s, and was refused: %s%s",
          this.name,
          messageOf(error),
          untold,
        );
      }
      return {
        ok: false,
        code: "OBSERVABLE_LOAD_FAILED",
        message: `Whether ${user.name} may watch ${this.name} could not be found out. Try again later; the log of the logic service says more.`,
      };
    }
  }

  /** Has channels loaded again: those of a selector, or all. */
  notify(selector?: string): void {
    for (const own of this.#own.values()) {
      if (selector === undefined || own.selector === selector) own.channel.changed();
    }
  }

  /** Its channels that somebody follows. */
  *followed(): Generator<StaleChannel, undefined> {
    for (const { selector, channel } of this.#own.values()) {
      if (channel.followers === 0) continue;
      yield { selector: TupleSelector.parse(selector), staleness: channel.staleness };
    }
    return undefined;
  }

  rightsChanged(): void {
    if (!this.#isClosed) this.#options.onRights(this.name);
  }

  /** Ends all that is followed. Settles when its provider does not run any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    const closing = [...this.#own.keys()].map((key) => this.#drop(key));
    await Promise.all([...closing, this.#watches.disposeAsync()]);
  }

  /** Never rejects. */
  async #drop(key: string): Promise<void> {
    const own = this.#own.get(key);
    if (own === undefined) return;
    this.#own.delete(key);
    this.#options.channels.delete(key);
    own.channel.close(unknownObservable(this.name));
    await own.channel[Symbol.asyncDispose]();
  }

  #checked(selector: TupleSelector): unknown {
    return checkData(this.#context.provider.selector ?? anySelector, selector.selector, `the selector of ${this.name}`);
  }

  #watch(
    tables: readonly string[],
    rows: boolean,
    onChange: (changes: readonly TableChange[]) => void,
    onInstalled: () => void,
  ): TableWatch {
    const { logger, rateLimit, type } = this.#context;
    return this.#watches.use(
      new TableWatch({
        source: this.#options.changes,
        plugin: type.plugin,
        tables: [...tables],
        rows,
        onChange,
        onInstalled,
        onTrouble: (error) => {
          const untold = rateLimit.count(`watch ${this.name}`);
          if (untold === undefined) return;
          logger.warning(
            { err: error },
            "The tables of %s cannot be followed now, so that changes are not seen; it is tried again: %s%s",
            this.name,
            messageOf(error),
            untold,
          );
        },
      }),
    );
  }

  #onChanges(changes: readonly TableChange[]): void {
    const { provider, run } = this.#context;
    if (provider.affects === undefined) {
      for (const { channel } of this.#own.values()) channel.changed(this.#told.toldUntil);
      return;
    }
    run(() => {
      for (const { channel } of this.#own.values()) {
        if (changes.some((change) => this.#affects(change, channel.selector))) channel.changed(this.#told.toldUntil);
      }
    });
  }

  #affects(change: TableChange, selector: unknown): boolean {
    const { provider, logger, rateLimit } = this.#context;
    // What is not known may concern everybody.
    if (change.rows === undefined) return true;
    try {
      return provider.affects?.(change, selector) !== false;
    } catch (error) {
      const untold = rateLimit.count(`affects ${this.name}`);
      if (untold !== undefined) {
        logger.error(
          { err: error },
          "affects() of %s has failed, and each change is taken to concern everybody: %s%s",
          this.name,
          messageOf(error),
          untold,
        );
      }
      return true;
    }
  }
}

const maxMessageLength = 2000;

const tellsAtOnce: ChangesTold = { toldUntil: Infinity, trouble: undefined };

/** Nobody provides an observable here. */
export function unknownObservable(name: string): PeekError {
  return new PeekError(
    "OBSERVABLE_UNKNOWN",
    `${name} is not provided by the logic service now. Enable its plugin there.`,
    { fields: { observable: name } },
  );
}
