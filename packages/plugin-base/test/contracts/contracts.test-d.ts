import { expectTypeOf } from "vitest";
import { z } from "zod";
import {
  type ActionOf,
  checkData,
  defineAction,
  defineRpc,
  defineTuple,
  isRejection,
  RpcRejection,
  TupleSelector,
  type TupleOf,
  type TupleType,
} from "@peek/plugin-base/contracts";

const StringIntTuple = defineTuple(
  "peek_plugin_tutorial.StringInt",
  { id: z.int(), string1: z.string(), int1: z.int().default(0), note: z.string().optional() },
  { key: "id" },
);
type StringInt = TupleOf<typeof StringIntTuple>;

expectTypeOf<StringInt>().toEqualTypeOf<{
  id: number;
  string1: string;
  int1: number;
  note?: string | undefined;
}>();
// The input of a check may lack fields that have a default.
expectTypeOf<z.input<typeof StringIntTuple.schema>>().toEqualTypeOf<{
  id: number;
  string1: string;
  int1?: number | undefined;
  note?: string | undefined;
}>();

const ListTuple = defineTuple(
  "peek_plugin_tutorial.List",
  { site: z.string(), code: z.string(), items: z.array(StringIntTuple.schema), at: z.date().transform(Number) },
  { key: ["site", "code"] },
);
expectTypeOf<TupleOf<typeof ListTuple>>().toEqualTypeOf<{
  site: string;
  code: string;
  items: StringInt[];
  at: number;
}>();
expectTypeOf<z.input<typeof ListTuple.schema>["at"]>().toEqualTypeOf<Date>();
expectTypeOf<z.input<typeof ListTuple.schema>["items"][number]["id"]>().toEqualTypeOf<number>();

// A function that takes tuples of any type takes these.
expectTypeOf(ListTuple).toExtend<TupleType<unknown>>();
expectTypeOf(StringIntTuple).toExtend<TupleType<StringInt>>();
expectTypeOf(StringIntTuple).not.toExtend<TupleType<TupleOf<typeof ListTuple>>>();
declare function take<T>(type: TupleType<T>, tuples: readonly T[]): T;
declare const stringInt: StringInt;
expectTypeOf(take(StringIntTuple, [stringInt])).toEqualTypeOf<StringInt>();
// @ts-expect-error -- a tuple of another type
take(ListTuple, [stringInt]);

expectTypeOf(checkData(StringIntTuple.schema, {}, "the tuple")).toEqualTypeOf<StringInt>();
// @ts-expect-error -- a type of tuples does not change
StringIntTuple.key = ["string1"];
// @ts-expect-error -- the key is no field
defineTuple("peek_plugin_tutorial.StringInt", { id: z.int() }, { key: "name" });
// @ts-expect-error -- nor is one of several
defineTuple("peek_plugin_tutorial.StringInt", { id: z.int() }, { key: ["id", "name"] });
// @ts-expect-error -- a key needs a field
defineTuple("peek_plugin_tutorial.StringInt", { id: z.int() }, { key: [] });
// @ts-expect-error -- a tuple needs a key
defineTuple("peek_plugin_tutorial.StringInt", { id: z.int() });
// @ts-expect-error -- a field is a schema
defineTuple("peek_plugin_tutorial.StringInt", { id: Number }, { key: "id" });

const rpc = defineRpc("peek_plugin_tutorial.RpcForLogic", {
  addPump: {
    input: StringIntTuple.schema,
    output: StringIntTuple.schema,
    errors: { duplicate: z.object({ id: z.string().transform(Number) }), full: z.undefined() },
  },
  ping: {},
});
expectTypeOf(rpc.name).toEqualTypeOf<string>();
expectTypeOf<keyof typeof rpc.procedures>().toEqualTypeOf<"addPump" | "ping">();
expectTypeOf(rpc.procedures.addPump.input).toEqualTypeOf(StringIntTuple.schema);
// @ts-expect-error -- there is no such procedure
void rpc.procedures.addPumps;
// @ts-expect-error -- a schema is needed
defineRpc("peek_plugin_tutorial.RpcForLogic", { addPump: { input: "string" } });
// @ts-expect-error -- a field of another name
defineRpc("peek_plugin_tutorial.RpcForLogic", { addPump: { ouput: z.int() } });

export function rejected(error: unknown): void {
  if (isRejection(rpc.procedures.addPump, error, "duplicate")) {
    expectTypeOf(error.error).toEqualTypeOf<"duplicate">();
    expectTypeOf(error.data).toEqualTypeOf<{ id: number }>();
    expectTypeOf(error.code).toEqualTypeOf<typeof error.code>();
  }
  if (isRejection(rpc.procedures.addPump, error, "full")) expectTypeOf(error.data).toEqualTypeOf<undefined>();
  // @ts-expect-error -- it declares no such error
  isRejection(rpc.procedures.addPump, error, "gone");
  // @ts-expect-error -- it declares none at all
  isRejection(rpc.procedures.ping, error, "duplicate");
  if (RpcRejection.is(error)) expectTypeOf(error.data).toEqualTypeOf<unknown>();
}

expectTypeOf(new RpcRejection("duplicate", "There is one", { id: 3 })).toEqualTypeOf<
  RpcRejection<"duplicate", { id: number }>
>();
expectTypeOf(new RpcRejection("full", "There is no room")).toEqualTypeOf<RpcRejection<"full">>();

export const selector: TupleSelector = new TupleSelector("peek_plugin_tutorial.StringInt", { site: { code: 5n } });
// @ts-expect-error -- it does not change
selector.selector["site"] = 5;
// @ts-expect-error -- it is a plain object
export const wrong = new TupleSelector("peek_plugin_tutorial.StringInt", "north");

const SetLevel = defineAction(
  "peek_plugin_pump.SetLevel",
  { litres: z.number(), note: z.string().default("") },
  {
    result: z.int(),
    upgrade: (old) => {
      expectTypeOf(old).toEqualTypeOf<unknown>();
      return { litres: 1 };
    },
  },
);
expectTypeOf<ActionOf<typeof SetLevel>>().toEqualTypeOf<{ litres: number; note: string }>();
defineAction("peek_plugin_pump.Stop", { id: z.int() }, { upgrade: () => ({ id: 1 }), services: ["office"] });
// @ts-expect-error -- the result of upgrade() does not fit the fields
defineAction("peek_plugin_pump.Stop", { id: z.int() }, { upgrade: () => ({ id: "1" }) });
// @ts-expect-error -- the same with a result
defineAction("peek_plugin_pump.Stop", { id: z.int() }, { result: z.int(), upgrade: () => ({}) });
