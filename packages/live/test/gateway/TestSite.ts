import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { PeekUser } from "@peek/plugin-base";
import { TupleSelector } from "@peek/plugin-base/contracts";
import { TestLog, until } from "@peek/kit/testing";
import { ExposedContracts } from "../../src/gateway/exposed/ExposedContracts.ts";
import { Gateway, type GatewayOptions } from "../../src/gateway/Gateway.ts";
import { MemoryLogic } from "./MemoryLogic.ts";
import { type Of, RawBrowser } from "./RawBrowser.ts";

export const observable = "peek_plugin_pump.Pump";
export const action = "peek_plugin_pump.Press";
export const selector: TupleSelector = new TupleSelector(observable, {});
export const canonical: string = selector.canonical();

/** A site that accepts every browser, as the user and from the device that the browser names. */
export class TestSite implements AsyncDisposable {
  readonly logic: MemoryLogic = new MemoryLogic();
  readonly exposed: ExposedContracts = new ExposedContracts();
  readonly log: TestLog = new TestLog();
  readonly sessions = new Map<string, AbortController>();
  readonly gateway: Gateway;
  readonly #server: Server = createServer();
  readonly #browsers: RawBrowser[] = [];

  private constructor(options: Partial<GatewayOptions>) {
    const { exposed, log: logger } = this;
    const { rpc, presence } = this.logic;
    this.exposed.addObservable(observable);
    this.exposed.addAction(action);
    this.gateway = new Gateway({ rpc, presence, exposed, logger, lingerMs: 0, ...options });
    this.#server.on("upgrade", (request, socket, head) => {
      const name = request.headers["x-user"]?.toString() ?? "anna";
      const device = request.headers["x-device"]?.toString() ?? "d1";
      const user: PeekUser = { id: name, name, groups: [], anonymous: false };
      // Not logged in.
      if (name === "nobody") return this.gateway.refuseUnknown(request, socket, head);
      const session = this.sessions.get(name) ?? new AbortController();
      this.sessions.set(name, session);
      this.gateway.accept(request, socket, head, { user, device, proof: name, ended: session.signal });
    });
  }

  /** @param options Of the gateway; with `rpc` and `presence`, those are its logic, and {@link logic} is not used. */
  static async open(options: Partial<GatewayOptions> = {}): Promise<TestSite> {
    const site = new TestSite(options);
    site.#server.listen(0, "127.0.0.1");
    await once(site.#server, "listening");
    return site;
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("It does not listen");
    return `ws://127.0.0.1:${address.port}/vortex`;
  }

  /** A browser that has received `hi`. */
  async browser(user = "anna", device = "d1"): Promise<RawBrowser> {
    const { browser } = await this.greeted(user, device);
    return browser;
  }

  /** A browser, and the `hi` that it has received. */
  async greeted(user = "anna", device = "d1"): Promise<{ readonly browser: RawBrowser; readonly hi: Of<"hi"> }> {
    const browser = new RawBrowser(this.url, { "x-user": user, "x-device": device });
    this.#browsers.push(browser);
    const hi = await browser.next("hi");
    return { browser, hi };
  }

  /** Waits until no channel is followed. */
  async untilLeft(): Promise<void> {
    await until("no channel to be followed", () => this.gateway.statistics().followedChannels === 0);
  }

  /** Waits until the gateway has nothing left of its browsers. */
  async untilIdle(): Promise<void> {
    const isZero = (): boolean => Object.values(this.gateway.statistics()).every((count) => count === 0);
    await until("the gateway to have nothing left", isZero);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.logic[Symbol.dispose]();
    await Promise.all(this.#browsers.map((each) => each[Symbol.asyncDispose]()));
    await this.untilIdle();
    await this.gateway[Symbol.asyncDispose]();
    this.#server.close();
    await once(this.#server, "close");
    if (this.logic.followed > 0) throw new Error("Channels are followed that nobody watches");
  }
}
