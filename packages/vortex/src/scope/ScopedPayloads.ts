import type { CaptureContext, LogThrottle, PluginScopes } from "@peek/kit";
import type {
  Logger,
  Payload,
  PayloadEndpointOptions,
  PayloadFilter,
  PayloadTarget,
  PeerIdentity,
  PluginPayloads,
} from "@peek/plugin-base";
import type { TupleType } from "@peek/plugin-base/contracts";
import { completeFilter } from "../payloads/payloadFilter.ts";
import type { PayloadRouter } from "../payloads/PayloadRouter.ts";
import type { PayloadSender } from "../payloads/PayloadSender.ts";

/** How {@link ScopedPayloads} are opened. */
export interface ScopedPayloadsOptions {
  readonly plugin: string;
  readonly scopes: PluginScopes;
  readonly logger: Logger;
  readonly router: PayloadRouter;
  readonly sender: PayloadSender;
  readonly logThrottle: LogThrottle;
  readonly capture: CaptureContext;
}

/** The payloads of one plugin. */
export class ScopedPayloads implements PluginPayloads {
  readonly #options: ScopedPayloadsOptions;

  constructor(options: ScopedPayloadsOptions) {
    this.#options = options;
  }

  endpoint<T = never>(
    filter: PayloadFilter,
    handler: (payload: Payload<T>, from: PeerIdentity) => void | PromiseLike<void>,
    options: PayloadEndpointOptions<T> = {},
  ): Disposable {
    const { plugin, scopes, logger, router, logThrottle, capture } = this.#options;
    const scope = scopes.current();
    const endpoint = router.add({
      plugin,
      filter: completeFilter(filter, plugin),
      // The endpoint checks the tuples by the type's schema before it calls the handler.
      handler: handler as (payload: Payload<unknown>, from: PeerIdentity) => void | PromiseLike<void>,
      tuple: options.tuple,
      acceptOnlyFrom: options.acceptOnlyFrom,
      logger,
      logThrottle,
      run: capture(),
    });
    const release = scope.stack("a payload endpoint", () => endpoint[Symbol.asyncDispose]());
    return { [Symbol.dispose]: () => void release() };
  }

  async send<T = never>(
    payload: { readonly filt: PayloadFilter; readonly tuple?: TupleType<T>; readonly tuples?: readonly T[] },
    options: { readonly to: PayloadTarget },
  ): Promise<void> {
    const { plugin, scopes, sender } = this.#options;
    // Throws when the plugin was stopped.
    scopes.current();
    await sender.send(payload, options.to, plugin);
  }
}
