import { serviceConfigSchema, serviceHome } from "@peek/config";
import type { ServiceName } from "@peek/plugin-base";
import { Exchange } from "@peek/bus";
import { type WsExchangeOptions, WsExchange } from "@peek/bus/ws";
import { ExchangeAuthenticator, TokenStore } from "@peek/bus/identity";
import { expect, it, onTestFinished } from "vitest";
import { observeServices } from "../src/index.ts";
import { logger } from "./silentLogger.ts";
import { temporaryFolder } from "./temporaryFolder.ts";

/** Cuts the connection of a client that asks for the instances of a service, before it answers. */
class CuttingExchange extends Exchange {
  readonly #members = new Map<string, Parameters<Exchange["join"]>[1]>();

  override join(...[peer, member, observer]: Parameters<Exchange["join"]>): ReturnType<Exchange["join"]> {
    this.#members.set(peer.instance, member);
    return super.join(peer, member, observer);
  }

  override watch(instance: string, service: ServiceName): ReturnType<Exchange["watch"]> {
    this.#members.get(instance)?.replaced();
    return super.watch(instance, service);
  }
}

it("observeServices() fails when the connection is lost before the answers, instead of returning no services", async () => {
  const home = serviceHome("logic", { PEEK_HOME: temporaryFolder() });
  const tokens = new TokenStore(home);
  onTestFinished(() => tokens[Symbol.dispose]());
  const authenticator = new ExchangeAuthenticator(tokens, false, logger);
  const options: WsExchangeOptions = {
    exchange: new CuttingExchange(),
    host: "127.0.0.1",
    port: 0,
    authenticator,
    heartbeatMs: 5000,
    logger,
  };
  await using exchange = await WsExchange.listen(options);
  const config = serviceConfigSchema.parse({
    dataExchange: { httpPort: exchange.port, token: tokens.create("agent") },
  });
  const asking = observeServices({ service: "agent", home, config, version: "1", timeoutMs: 5000, logger });
  await expect(asking).rejects.toMatchObject({
    code: "VORTEX_DISCONNECTED",
    message: expect.stringContaining("was lost while they were asked"),
  });
});
