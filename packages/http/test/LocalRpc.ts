import { PeekError } from "@peek/errors";
import type { PeerIdentity, PluginRpc, RpcServeOptions } from "@peek/plugin-base";
import type { ZodType } from "zod";

type Handler = (input: unknown, context: unknown) => unknown;
interface Served {
  readonly procedures: Readonly<Record<string, { readonly input?: ZodType; readonly output?: ZodType }>>;
  readonly handlers: Readonly<Record<string, Handler>>;
  readonly options: RpcServeOptions;
}

/** RPC within the process. Each call passes the schemas of its contract as JSON. */
export class LocalRpc {
  readonly #served = new Map<string, Served>();
  /** Whether all calls fail. */
  isAway = false;
  /** The number of calls. */
  calls = 0;

  /** The RPC of a service. */
  for(service: PeerIdentity["service"]): PluginRpc {
    const rpc = {
      serve: (
        contract: { name: string; procedures: Served["procedures"] },
        handlers: Served["handlers"],
        options = {},
      ) => {
        this.#served.set(contract.name, { procedures: contract.procedures, handlers, options });
        return { [Symbol.asyncDispose]: () => Promise.resolve(void this.#served.delete(contract.name)) };
      },
      client: (contract: { name: string; procedures: object }) =>
        Object.fromEntries(
          Object.keys(contract.procedures).map((name) => [
            name,
            (input: unknown) => this.#call(service, contract.name, name, input),
          ]),
        ),
    };
    return rpc as unknown as PluginRpc;
  }

  async #call(service: PeerIdentity["service"], contract: string, name: string, input: unknown): Promise<unknown> {
    const served = this.#served.get(contract);
    if (this.isAway || served === undefined) throw new PeekError("VORTEX_NOBODY", `Nobody serves ${contract}.`);
    this.calls += 1;
    if (![served.options.acceptOnlyFrom ?? []].flat().includes(service)) {
      throw new PeekError("FORBIDDEN", `${service} may not call.`);
    }
    const procedure = served.procedures[name];
    const output = await served.handlers[name]?.(procedure?.input?.parse(input), {
      from: { service, instance: `${service}-1` },
    });
    return procedure?.output?.parse(JSON.parse(JSON.stringify(output)));
  }
}
