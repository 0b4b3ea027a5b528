import { expectTypeOf } from "vitest";
import { z } from "zod";
import type {
  PeerIdentity,
  PluginPayloads,
  PluginRpc,
  RpcAnswer,
  RpcCallContext,
  RpcCallOptions,
  RpcHandlers,
} from "@peek/plugin-base";
import {
  defineRpc,
  defineTuple,
  type RpcContract,
  type RpcProcedures,
  type TupleOf,
} from "@peek/plugin-base/contracts";

const PumpTuple = defineTuple(
  "peek_plugin_pumps.Pump",
  { id: z.int(), builtAt: z.date(), note: z.string().default("") },
  { key: "id" },
);
type Pump = TupleOf<typeof PumpTuple>;

const contract = defineRpc("peek_plugin_pumps.RpcForAgent", {
  addInts: { input: z.object({ a: z.int(), b: z.int() }), output: z.int() },
  updateStatus: { input: z.string() },
  ping: {},
  find: { input: z.string().optional(), output: PumpTuple.schema.optional() },
  count: { input: z.string().transform(Number), output: z.number().transform(String) },
  watch: { input: z.object({ from: z.int().default(0) }), stream: PumpTuple.schema },
  watchAll: { stream: z.int() },
  anything: { input: z.unknown(), output: z.unknown() },
});

declare const rpc: PluginRpc;
declare const pump: Pump;
const client = rpc.client(contract, { to: "agent" });
const signal = AbortSignal.abort();

// The types of inputs and outputs.
expectTypeOf(client.addInts({ a: 1, b: 2 })).toEqualTypeOf<Promise<number>>();
expectTypeOf(client.updateStatus("fine", { deadlineMs: 5, signal, wait: true })).toEqualTypeOf<Promise<void>>();
expectTypeOf(client.ping()).toEqualTypeOf<Promise<void>>();
expectTypeOf(client.ping(undefined, { signal })).toEqualTypeOf<Promise<void>>();
expectTypeOf(client.find()).toEqualTypeOf<Promise<Pump | undefined>>();
expectTypeOf(client.find("north")).toEqualTypeOf<Promise<Pump | undefined>>();
expectTypeOf(client.count("5")).toEqualTypeOf<Promise<string>>();
expectTypeOf(client.watch({})).toEqualTypeOf<AsyncIterable<Pump>>();
expectTypeOf(client.watchAll(undefined, { signal })).toEqualTypeOf<AsyncIterable<number>>();
expectTypeOf(client.anything()).toEqualTypeOf<Promise<unknown>>();
expectTypeOf(client.addInts).parameters.toEqualTypeOf<[input: { a: number; b: number }, options?: RpcCallOptions]>();

// @ts-expect-error -- it needs its input
void client.addInts();
// @ts-expect-error -- of this form
void client.addInts({ a: 1, b: "2" });
// @ts-expect-error -- all of it
void client.addInts({ a: 1 });
// @ts-expect-error -- and no more
void client.addInts({ a: 1, b: 2, c: 3 });
// @ts-expect-error -- undefined is no text
void client.updateStatus(undefined);
// @ts-expect-error -- it takes nothing
void client.ping("now");
// @ts-expect-error -- it takes what its schema takes, not what that makes of it
void client.count(5);
// @ts-expect-error -- a misspelt option
void client.ping(undefined, { deadline: 5 });
// @ts-expect-error -- there is no such procedure
void client.addInt;
// @ts-expect-error -- a client calls somebody
rpc.client(contract, {});
// @ts-expect-error -- there is no such service
rpc.client(contract, { to: "agents" });
rpc.client(contract, { to: { service: "agent", instance: "agent-k3v9x2m7qd" }, deadlineMs: 5, wait: true });

// All instances.
const all = rpc.clientOfAll(contract, { to: "agent" });
expectTypeOf(all.addInts({ a: 1, b: 2 })).toEqualTypeOf<Promise<readonly RpcAnswer<number>[]>>();
expectTypeOf(all.ping()).toEqualTypeOf<Promise<readonly RpcAnswer<void>[]>>();
expectTypeOf<keyof typeof all>().toEqualTypeOf<"addInts" | "updateStatus" | "ping" | "find" | "count" | "anything">();
// @ts-expect-error -- a stream comes from one
void all.watch;
declare const one: PeerIdentity;
// @ts-expect-error -- one is not all
rpc.clientOfAll(contract, { to: one });
export async function answers(): Promise<readonly number[]> {
  return (await all.addInts({ a: 1, b: 2 })).flatMap((answer) =>
    answer.status === "fulfilled" ? [answer.value] : [answer.reason.exitCode],
  );
}

// Handlers, with what their arguments are read off the contract.
const served = rpc.serve(
  contract,
  {
    addInts: ({ a, b }) => a + b,
    updateStatus: async (status, { from, signal, remainingMs }) => {
      expectTypeOf(status).toEqualTypeOf<string>();
      expectTypeOf(from).toEqualTypeOf<PeerIdentity>();
      expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
      expectTypeOf(remainingMs).toEqualTypeOf<number>();
    },
    ping: (input, context) => {
      expectTypeOf(input).toEqualTypeOf<void>();
      expectTypeOf(context).toEqualTypeOf<RpcCallContext>();
    },
    find: async (name) => (name === undefined ? undefined : { id: 1, builtAt: new Date() }),
    count: (input) => {
      expectTypeOf(input).toEqualTypeOf<number>();
      return input;
    },
    watch: async function* ({ from }, { signal }) {
      expectTypeOf(from).toEqualTypeOf<number>();
      while (!signal.aborted) yield pump;
    },
    watchAll: () => [1, 2, 3],
    anything: (input) => input,
  },
  { acceptOnlyFrom: ["logic"], concurrency: 1, queueLimit: 0 },
);
expectTypeOf(served).toEqualTypeOf<AsyncDisposable>();

type Handlers = RpcHandlers<typeof contract.procedures>;
declare const handlers: Handlers;
rpc.serve(contract, { ...handlers, ping: () => undefined });
// Methods will do, of a class for example.
export class AgentRpc implements Pick<Handlers, "addInts" | "updateStatus" | "watch"> {
  async addInts({ a, b }: { a: number; b: number }): Promise<number> {
    return a + b;
  }
  updateStatus(): void {}
  async *watch(): AsyncGenerator<Pump, void, undefined> {}
}
// @ts-expect-error -- an answer of another form
rpc.serve(contract, { ...handlers, addInts: () => "3" });
// @ts-expect-error -- nor in a promise
rpc.serve(contract, { ...handlers, addInts: async () => "3" });
// @ts-expect-error -- no answer
rpc.serve(contract, { ...handlers, addInts: () => {} });
// @ts-expect-error -- it is handed something else
rpc.serve(contract, { ...handlers, addInts: (input: string) => input.length });
// @ts-expect-error -- items of another form
rpc.serve(contract, { ...handlers, watchAll: () => ["1"] });
// @ts-expect-error -- one item is no stream
rpc.serve(contract, { ...handlers, watchAll: () => 1 });
// @ts-expect-error -- the others are missing
rpc.serve(contract, { ping: () => undefined });
// @ts-expect-error -- there is no such service
rpc.serve(contract, handlers, { acceptOnlyFrom: "agents" });

// What serves any contract.
expectTypeOf(contract).toExtend<RpcContract>();
export function serveAny<P extends RpcProcedures>(any: RpcContract<P>, handlers: RpcHandlers<P>): AsyncDisposable {
  return rpc.serve(any, handlers);
}

// Payloads are of the type's tuples.
declare const payloads: PluginPayloads;
payloads.endpoint({ key: "pumps" }, ({ tuples }) => void expectTypeOf(tuples).toEqualTypeOf<readonly Pump[]>(), {
  tuple: PumpTuple,
});
payloads.endpoint({ key: "pumps" }, ({ tuples }) => void expectTypeOf(tuples).toEqualTypeOf<readonly never[]>());
void payloads.send({ filt: { key: "pumps" }, tuple: PumpTuple, tuples: [pump] }, { to: { all: "agent" } });
void payloads.send({ filt: { key: "pumps" } }, { to: "agent" });
// @ts-expect-error -- tuples need their type
void payloads.send({ filt: { key: "pumps" }, tuples: [pump] }, { to: "agent" });
// @ts-expect-error -- a tuple of another form
void payloads.send({ filt: { key: "pumps" }, tuple: PumpTuple, tuples: [{ id: 1 }] }, { to: "agent" });
// @ts-expect-error -- a routing record is flat
void payloads.send({ filt: { key: {} } }, { to: "agent" });
