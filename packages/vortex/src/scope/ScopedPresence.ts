import { PeekError } from "@peek/errors";
import type {
  Peer,
  PeerIdentity,
  PluginPresence,
  PresenceChange,
  PresenceOptions,
  ServiceName,
} from "@peek/plugin-base";
import { checkService } from "../checkServices.ts";
import type { PresenceFeed } from "../presence/PresenceFeed.ts";
import type { PresenceView } from "../presence/PresenceView.ts";
import { released } from "../rpc/rpcErrors.ts";
import type { PluginScopes } from "./PluginScopes.ts";

/** The presence view of one plugin. */
export class ScopedPresence implements PluginPresence {
  readonly #plugin: string;
  readonly #scopes: PluginScopes;
  readonly #view: PresenceView;

  constructor(plugin: string, scopes: PluginScopes, view: PresenceView) {
    this.#plugin = plugin;
    this.#scopes = scopes;
    this.#view = view;
  }

  get self(): PeerIdentity {
    return this.#view.self;
  }

  async peers(service?: ServiceName): Promise<readonly Peer[]> {
    this.#scopes.current();
    this.#check(service);
    return await this.#view.peers(service);
  }

  changes(options: PresenceOptions = {}): AsyncIterable<PresenceChange> {
    this.#check(options.service);
    return { [Symbol.asyncIterator]: () => this.#follow(options) };
  }

  async waitFor(service: ServiceName, { signal }: { readonly signal?: AbortSignal } = {}): Promise<Peer> {
    // A plugin that has been stopped is told so.
    this.#scopes.current();
    checkService(service, `${this.#plugin} cannot wait`);
    signal?.throwIfAborted();
    const options = signal === undefined ? { service } : { service, signal };
    for await (const { kind, peer } of this.changes(options)) if (kind !== "left") return peer;
    signal?.throwIfAborted();
    throw released(this.#plugin);
  }

  #check(service: ServiceName | undefined): void {
    if (service !== undefined) checkService(service, `${this.#plugin} cannot ask who is connected`);
  }

  /** A stream of changes that ends with the phase of the plugin's life in which it began. */
  #follow({ service, signal }: PresenceOptions): PresenceFeed {
    const feed = this.#view.changes(service);
    const end = (): void => feed[Symbol.dispose]();
    try {
      feed.onEnd(this.#scopes.current().hold(end));
    } catch (error) {
      // It has been stopped: there is nothing to tell it.
      if (!PeekError.is(error)) throw error;
      end();
    }
    if (signal?.aborted === true) end();
    signal?.addEventListener("abort", end);
    feed.onEnd(() => signal?.removeEventListener("abort", end));
    return feed;
  }
}
