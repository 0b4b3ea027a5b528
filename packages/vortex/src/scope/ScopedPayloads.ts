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
import type { CaptureContext } from "../rpc/handlerContext.ts";
import type { LogThrottle } from "@peek/kit";
import type { PluginScopes } from "./PluginScopes.ts";

/** What {@link ScopedPayloads} are made of. */
export interface ScopedPayloadsParts {
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
  readonly #parts: ScopedPayloadsParts;

  constructor(parts: ScopedPayloadsParts) {
    this.#parts = parts;
  }

  endpoint<T = never>(
    filter: PayloadFilter,
    handler: (payload: Payload<T>, from: PeerIdentity) => void | PromiseLike<void>,
    options: PayloadEndpointOptions<T> = {},
  ): Disposable {
    const { plugin, scopes, logger, router, logThrottle, capture } = this.#parts;
    const scope = scopes.current();
    const added = router.add({
      plugin,
      filter: completeFilter(filter, plugin),
      // Its tuples have been checked by the type's schema by then.
      handler: handler as (payload: Payload<unknown>, from: PeerIdentity) => void | PromiseLike<void>,
      tuple: options.tuple,
      acceptOnlyFrom: options.acceptOnlyFrom,
      logger,
      logThrottle,
      run: capture(),
    });
    const release = scope.stack("a payload endpoint", () => added[Symbol.asyncDispose]());
    return { [Symbol.dispose]: () => void release() };
  }

  async send<T = never>(
    payload: { readonly filt: PayloadFilter; readonly tuple?: TupleType<T>; readonly tuples?: readonly T[] },
    options: { readonly to: PayloadTarget },
  ): Promise<void> {
    const { plugin, scopes, sender } = this.#parts;
    scopes.current();
    await sender.send(payload, options.to, plugin);
  }
}
