import { describeValue, PeekError } from "@peek/errors";
import type { CaptureContext, LogThrottle, PluginScopes } from "@peek/kit";
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
import type { RpcClients } from "../rpc/RpcClients.ts";
import type { RpcServer } from "../rpc/RpcServer.ts";

/** How a {@link ScopedRpc} is opened. */
export interface ScopedRpcOptions {
  readonly plugin: string;
  readonly scopes: PluginScopes;
  readonly logger: Logger;
  readonly clients: RpcClients;
  readonly server: RpcServer;
  readonly logThrottle: LogThrottle;
  readonly capture: CaptureContext;
}

/** The RPC of one plugin. */
export class ScopedRpc implements PluginRpc {
  readonly #options: ScopedRpcOptions;

  constructor(options: ScopedRpcOptions) {
    this.#options = options;
  }

  serve<Procedures extends RpcProcedures>(
    contract: RpcContract<Procedures>,
    handlers: RpcHandlers<Procedures>,
    options: RpcServeOptions = {},
  ): AsyncDisposable {
    const { plugin, scopes, logger, server, logThrottle, capture } = this.#options;
    const scope = scopes.current();
    if (contract.plugin !== plugin || !contract.name.startsWith(`${plugin}.`)) {
      throw new PeekError(
        "CONTRACT_INVALID",
        `${plugin} cannot serve the contract ${describeValue(contract.name)}: its name must begin with ${plugin}.`,
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
    const { clients, scopes } = this.#options;
    // The client has one function for each procedure of the contract.
    return clients.client(contract, options, scopes) as RpcClient<Procedures>;
  }

  clientOfAll<Procedures extends RpcProcedures>(
    contract: RpcContract<Procedures>,
    options: RpcClientOptions & { readonly to: ServiceName },
  ): RpcClientOfAll<Procedures> {
    const { clients, scopes } = this.#options;
    return clients.clientOfAll(contract, options, scopes) as RpcClientOfAll<Procedures>;
  }
}
