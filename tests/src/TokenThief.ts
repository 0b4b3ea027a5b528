import { hash } from "node:crypto";
import type { Logger, PluginRpc, ServiceName } from "@peek/plugin-base";
import { defineRpc } from "@peek/plugin-base/contracts";
import { makeInstanceName } from "@peek/bus";
import { Vortex } from "@peek/vortex";
import { WsBus } from "@peek/bus/ws";
import { z } from "zod";
import type { LiveServices } from "./LiveServices.ts";
import { peek } from "./peekCommand.ts";

const none = (): void => undefined;
const logger: Logger = {
  debug: none,
  info: none,
  warning: none,
  error: none,
  critical: none,
  isLevelEnabled: () => false,
};

// Logic's contracts, from its source, without their schemas: any input, any output.
const any = { input: z.unknown(), output: z.unknown() };
const Users = defineRpc("peek_core_platform.Users", { login: any, validate: any, logout: any });
const Status = defineRpc("peek_core_platform.ServiceStatus", { status: { output: z.unknown() } });
const Actions = defineRpc("peek_core_platform.Actions", { run: any });
const Observables = defineRpc("peek_core_platform.Observables", {
  admit: any,
  follow: { input: z.unknown(), stream: z.unknown() },
});

/** A thief with the token of a service, who calls logic from his own program. */
export class TokenThief implements AsyncDisposable {
  readonly instance: string;
  readonly #owned: AsyncDisposableStack;
  readonly #rpc: PluginRpc;

  private constructor(instance: string, owned: AsyncDisposableStack, rpc: PluginRpc) {
    this.instance = instance;
    this.#owned = owned;
    this.#rpc = rpc;
  }

  /** @param owner The service of the token. Default: the service that he claims to be. */
  static async of(service: ServiceName, services: LiveServices, owner = service): Promise<TokenThief> {
    const token = (await peek(services.base, "token", "create", owner)).stdout.trim();
    await using owned = new AsyncDisposableStack();
    const member = { instance: makeInstanceName(service), version: "1.0.0", since: new Date().toISOString() };
    const bus = owned.use(
      new WsBus({
        service,
        member,
        host: "127.0.0.1",
        port: services.exchangePort,
        secure: false,
        credentials: () => ({ token }),
        logger,
      }),
    );
    const vortex = owned.use(new Vortex({ bus, member, logger }));
    const stack = owned.use(new AsyncDisposableStack());
    const { rpc } = vortex.forPlugin("peek_core_platform", () => stack, logger);
    return new TokenThief(member.instance, owned.move(), rpc);
  }

  async login(credentials: object): Promise<unknown> {
    return await this.#rpc.client(Users, { to: "logic", wait: true }).login({ device: "d", known: [], ...credentials });
  }

  async validate(...sessions: readonly string[]): Promise<unknown> {
    return await this.#rpc.client(Users, { to: "logic", wait: true }).validate({ sessions });
  }

  async logout(session: string): Promise<unknown> {
    return await this.#rpc.client(Users, { to: "logic", wait: true }).logout({ session });
  }

  /** The presence of logic. */
  async status(): Promise<unknown> {
    return await this.#rpc.client(Status, { to: "logic", wait: true }).status();
  }

  /** Has an action executed. */
  async run(action: object): Promise<unknown> {
    const envelope = {
      body: "{}",
      client: "stolen",
      lane: "l",
      sequence: 1,
      after: 0,
      acknowledged: 0,
      pushedAt: new Date().toISOString(),
      watch: [],
      ...action,
    };
    return await this.#rpc.client(Actions, { to: "logic", wait: true }).run(envelope);
  }

  async admit(proof: string, observable: string): Promise<unknown> {
    const asks = [{ proof, selector: JSON.stringify([observable, {}]) }];
    return await this.#rpc.client(Observables, { to: "logic", wait: true }).admit({ asks });
  }

  /** The first messages about an observable, until there are tuples, or no message follows. */
  async follow(observable: string, follow: object): Promise<readonly unknown[]> {
    const updates: unknown[] = [];
    for await (const update of this.updates(observable, follow)) {
      updates.push(update);
      if (z.object({ k: z.literal("snapshot") }).safeParse(update).success) break;
    }
    return updates;
  }

  /** The messages about an observable. */
  updates(observable: string, follow: object): AsyncIterable<unknown> {
    const selector = JSON.stringify([observable, {}]);
    const input = { selector, scope: "", guarded: true, ...follow };
    return this.#rpc.client(Observables, { to: "logic", wait: true, deadlineMs: 600_000 }).follow(input);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }
}

/** The proof of a session that a field or office service derives from a browser's cookies. */
export function proofIn(cookies: string): string {
  const [, id = ""] = /peek_session_\w+=([\w-]+)/.exec(cookies) ?? [];
  return hash("sha256", id, "base64url");
}
