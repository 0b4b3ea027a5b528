import { describeValue, PeekError } from "@peek/errors";
import type {
  Logger,
  PluginRpc,
  RpcClient,
  RpcClientOfAll,
  RpcClientOptions,
  RpcHandlers,
  RpcServeOptions,
  ServiceName,
} from "@peek/plugin-base";
import type { RpcContract, RpcProcedures } from "@peek/plugin-base/contracts";
import type { CaptureContext } from "../rpc/handlerContext.ts";
import type { LogThrottle } from "@peek/kit";
import type { RpcCaller } from "../rpc/RpcCaller.ts";
import type { RpcServer } from "../rpc/RpcServer.ts";
import type { PluginScopes } from "./PluginScopes.ts";

/** What a {@link ScopedRpc} is made of. */
export interface ScopedRpcParts {
  readonly plugin: string;
  readonly scopes: PluginScopes;
  readonly logger: Logger;
  readonly caller: RpcCaller;
  readonly server: RpcServer;
  readonly logThrottle: LogThrottle;
  readonly capture: CaptureContext;
}

/** The RPC of one plugin. */
export class ScopedRpc implements PluginRpc {
  readonly #parts: ScopedRpcParts;
  readonly #current = () => this.#parts.scopes.current();

  constructor(parts: ScopedRpcParts) {
    this.#parts = parts;
  }

  serve<Procedures extends RpcProcedures>(
    contract: RpcContract<Procedures>,
    handlers: RpcHandlers<Procedures>,
    options: RpcServeOptions = {},
  ): AsyncDisposable {
    const { plugin, scopes, logger, server, logThrottle, capture } = this.#parts;
    const scope = scopes.current();
    if (contract.plugin !== plugin || !contract.name.startsWith(`${plugin}.`)) {
      throw new PeekError(
        "CONTRACT_INVALID",
        `${plugin} cannot serve the contract ${describeValue(contract.name)}: its name has to begin with ${plugin}.`,
        { fields: { plugin, contract: contract.name } },
      );
    }
    const served = server.serve({ contract, handlers, limits: options, logger, logThrottle, run: capture() });
    return { [Symbol.asyncDispose]: scope.stack(`the contract ${contract.name}`, () => server.withdraw(served)) };
  }

  client<Procedures extends RpcProcedures>(
    contract: RpcContract<Procedures>,
    options: RpcClientOptions,
  ): RpcClient<Procedures> {
    // The functions are made of the contract's procedures, name by name.
    return this.#parts.caller.client(contract, options, this.#current) as RpcClient<Procedures>;
  }

  clientOfAll<Procedures extends RpcProcedures>(
    contract: RpcContract<Procedures>,
    options: RpcClientOptions & { readonly to: ServiceName },
  ): RpcClientOfAll<Procedures> {
    return this.#parts.caller.clientOfAll(contract, options, this.#current) as RpcClientOfAll<Procedures>;
  }
}
