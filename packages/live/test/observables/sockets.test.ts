import { type ObservableProvider, serviceNames } from "@peek/plugin-base";
import { TupleSelector } from "@peek/plugin-base/contracts";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ZodType } from "zod";
import { Exchange, MemoryBus } from "@peek/bus";
import { type Authenticator, WsBus, WsExchange } from "@peek/bus/ws";
import { type ChannelUpdate, ObservablesRpc } from "../../src/rpc/ObservablesRpc.ts";
import { Vortex } from "@peek/vortex";
import { member } from "@peek/bus/testing";
import { TestLog, until } from "@peek/kit/testing";
import { FieldProcess } from "./FieldProcess.ts";
import { LogicProcess } from "./LogicProcess.ts";
import { pumpsOf, pumpTuple } from "./pumps.ts";

const authenticator: Authenticator = {
  authenticate: ({ headers }) => {
    const service = serviceNames.find((name) => headers.authorization === `Bearer ${name}`);
    if (service === undefined) return { reason: "that is no token" };
    return { service, title: "a token of a test", isValid: () => true };
  },
  onChange: () => ({ [Symbol.dispose]: () => undefined }),
};

/** Logic as it is deployed: what others connect to, and the plugins, in one process. */
class SocketLogic implements AsyncDisposable {
  readonly logic: LogicProcess;
  readonly port: number;
  readonly #sockets: WsExchange;

  private constructor(logic: LogicProcess, sockets: WsExchange, port: number) {
    this.logic = logic;
    this.#sockets = sockets;
    this.port = port;
  }

  static async open(port: number): Promise<SocketLogic> {
    const exchange = new Exchange();
    const self = member("logic");
    const bus = new MemoryBus(exchange, "logic", self);
    const logic = new LogicProcess({ bus, member: self });
    const sockets = await WsExchange.listen({
      exchange,
      host: "127.0.0.1",
      port,
      authenticator,
      heartbeatMs: 1000,
      logger: logic.log,
      onFrame: () => bus.deliver(),
    });
    if (sockets.port === undefined) throw new Error("It does not listen");
    return new SocketLogic(logic, sockets, sockets.port);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sockets[Symbol.asyncDispose]();
    await this.logic[Symbol.asyncDispose]();
  }
}

function dial(port: number): ConstructorParameters<typeof FieldProcess>[0] {
  const self = member("field");
  const credentials = (): { token: string } => ({ token: "field" });
  const bus = new WsBus({
    service: "field",
    member: self,
    host: "127.0.0.1",
    port,
    secure: false,
    credentials,
    logger: new TestLog(),
  });
  return { bus, member: self };
}

let owned: AsyncDisposableStack;

beforeEach(() => {
  owned = new AsyncDisposableStack();
});

afterEach(async () => {
  await owned.disposeAsync();
});

describe("observables over sockets", () => {
  it("send megabytes, and after a restart of logic only the differences of 300 channels", async () => {
    await using first = await SocketLogic.open(0);
    const field = owned.use(new FieldProcess(dial(first.port)));
    let speed = 0;
    const rows = pumpsOf(10_000).map((pump) => ({ ...pump, name: `${pump.name} ${"ä".repeat(200)}` }));
    const load = (): object[] => rows.with(7, { id: 7, name: "seven", speed });
    const provider: ObservableProvider<object, ZodType> = {
      scope: ({ user }) => user.id,
      load: (_, { scope }) => (scope === "a" ? load() : pumpsOf(3)),
    };
    first.logic.observables.provide(pumpTuple, provider);
    const watcher = field.watch({}, "a", true, "a");
    const others = Array.from({ length: 300 }, (_, index) => field.watch({}, `${index}`, true, `${index}`));
    await until("all have it", () => watcher.rows.size === 10_000 && others.every(({ rows: { size } }) => size === 3));
    const { port } = first;
    await first[Symbol.asyncDispose]();
    await until("all are stale", () => !others.some(({ channel }) => channel.isLive));
    speed = 5;
    await using second = await SocketLogic.open(port);
    second.logic.observables.provide(pumpTuple, provider);
    await until("all are live", () => [watcher, ...others].every(({ channel }) => channel.isLive));
    expect(watcher.texts.at(-1)).toContain('"u":[{"id":7,"name":"seven","speed":5}]');
    expect(watcher.texts.at(-1)?.length).toBeLessThan(300);
    expect(others.every(({ kinds }) => kinds === "sd")).toBe(true);
  });

  it("send a slow gateway the latest state, not each step", async () => {
    await using logic = await SocketLogic.open(0);
    const joined = dial(logic.port);
    const vortex = owned.use(new Vortex({ ...joined, logger: new TestLog() }));
    owned.use(joined.bus);
    const stack = owned.use(new AsyncDisposableStack());
    const { rpc } = vortex.forPlugin("peek_core_platform", () => stack, new TestLog());
    let speed = 0;
    const { observables, server } = logic.logic;
    const provided = observables.provide(pumpTuple, {
      load: () => pumpsOf(500).with(3, { id: 3, name: "x".repeat(20_000), speed }),
    });
    const selector = new TupleSelector(pumpTuple.name, {}).canonical();
    const input = { proof: "a", selector, scope: "", guarded: false };
    const slow = rpc.client(ObservablesRpc, { to: "logic", wait: true }).follow(input)[Symbol.asyncIterator]();
    expect((await slow.next()).value).toMatchObject({ k: "open", key: ["id"], guarded: false });
    expect((await slow.next()).value).toMatchObject({ k: "snapshot", o: 1 });
    for (speed = 1; speed <= 200; speed += 1) {
      provided.notify();
      await until("it has run", () => server.statistics().loads > speed);
    }
    const updates: ChannelUpdate[] = [];
    let last: ChannelUpdate | undefined;
    while (last === undefined || !("o" in last) || last.o < 201) {
      const step = await slow.next();
      if (step.done === true) throw new Error("It has ended");
      last = step.value;
      updates.push(last);
    }
    expect(updates.length).toBeLessThan(60);
    expect(updates.every(({ k }) => k === "delta")).toBe(true);
    await slow.return?.();
    await until("nobody follows", () => server.statistics().followers === 0);
  });
});
