import { PeekError } from "@peek/errors";
import { pluginReleased, type PluginScopes } from "@peek/kit";
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

/** The presence of peers, for one plugin. */
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
    // Throws when the plugin was stopped.
    this.#scopes.current();
    this.#check(service);
    return await this.#view.peers(service);
  }

  changes(options: PresenceOptions = {}): AsyncIterable<PresenceChange> {
    this.#check(options.service);
    return { [Symbol.asyncIterator]: () => this.#follow(options) };
  }

  async waitFor(service: ServiceName, { signal }: { readonly signal?: AbortSignal } = {}): Promise<Peer> {
    // Throws when the plugin was stopped.
    this.#scopes.current();
    checkService(service, `${this.#plugin} cannot wait for a peer`);
    signal?.throwIfAborted();
    const options = signal === undefined ? { service } : { service, signal };
    for await (const { kind, peer } of this.changes(options)) if (kind !== "left") return peer;
    signal?.throwIfAborted();
    throw pluginReleased(this.#plugin);
  }

  #check(service: ServiceName | undefined): void {
    if (service !== undefined) checkService(service, `${this.#plugin} cannot read the presence of peers`);
  }

  /** Opens a feed that ends with the plugin's present phase. */
  #follow({ service, signal }: PresenceOptions): PresenceFeed {
    const feed = this.#view.changes(service);
    const end = (): void => feed[Symbol.dispose]();
    try {
      feed.onEnd(this.#scopes.current().hold(end));
    } catch (error) {
      // The plugin was stopped: its feed is empty.
      if (!PeekError.is(error)) throw error;
      end();
    }
    if (signal?.aborted === true) end();
    signal?.addEventListener("abort", end);
    feed.onEnd(() => signal?.removeEventListener("abort", end));
    return feed;
  }
}
