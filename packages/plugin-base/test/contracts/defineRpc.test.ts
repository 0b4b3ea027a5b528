import { describe, expect, it } from "vitest";
import { z } from "zod";
import { defineRpc } from "@peek/plugin-base/contracts";
import { caught } from "./caught.ts";

const name = "peek_plugin_tutorial.RpcForAgent";
const define = defineRpc as (name: string, procedures: unknown) => unknown;

describe("defineRpc", () => {
  it("keeps the procedures as they are defined, and is not changed any more", () => {
    const procedures = {
      addInts: { input: z.object({ a: z.int(), b: z.int() }), output: z.int() },
      updateStatus: { input: z.string(), errors: { unknownAgent: z.object({ name: z.string() }) } },
      watch: { stream: z.string() },
      ping: {},
    };
    const contract = defineRpc(name, procedures);
    expect(contract).toMatchObject({ name, plugin: "peek_plugin_tutorial" });
    expect(Object.keys(contract.procedures)).toEqual(["addInts", "updateStatus", "watch", "ping"]);
    expect(contract.procedures.addInts.input).toBe(procedures.addInts.input);
    expect(contract.procedures.updateStatus.errors.unknownAgent).toBe(procedures.updateStatus.errors.unknownAgent);
    const parts = [contract, contract.procedures, contract.procedures.ping, contract.procedures.updateStatus.errors];
    expect(parts.every(Object.isFrozen)).toBe(true);
    expect(Object.isFrozen(procedures)).toBe(false);
  });

  it("has no procedure that was not defined, for any name that a peer asks for", () => {
    const { procedures } = defineRpc(name, { ping: { errors: {} } });
    for (const asked of ["constructor", "toString", "__proto__", "hasOwnProperty"]) {
      expect(Reflect.get(procedures, asked)).toBeUndefined();
      expect(Reflect.get(procedures.ping, asked)).toBeUndefined();
      expect(Reflect.get(procedures.ping.errors, asked)).toBeUndefined();
    }
  });

  it("takes undefined for a schema that is left out", () => {
    expect(Object.keys(defineRpc(name, { ping: JSON.parse("{}") }).procedures.ping)).toEqual([]);
    expect(define(name, { ping: { output: z.int(), stream: undefined } })).toMatchObject({ name });
  });

  it.each<[string, unknown, string]>([
    ["then", JSON.parse('{"then":{}}'), "taken for a promise"],
    ["constructor", { constructor: {} }, '"constructor"'],
    ["__proto__", { ["__proto__"]: {} }, '"__proto__"'],
    ["another prototype", { __proto__: { ping: {} } }, "no __proto__"],
    ["a blank", { "add ints": {} }, '"add ints"'],
    ["a digit first", { "1st": {} }, '"1st"'],
    ["no name", { "": {} }, '""'],
    ["a name of 101 letters", { ["x".repeat(101)]: {} }, "at most 100 characters"],
    ["a symbol", { [Symbol.iterator]: {} }, "symbols"],
    ["no object", null, "plain object"],
    ["a procedure that is a schema", { ping: z.string() }, "the procedure ping must be a plain object"],
    ["a field of another name", { ping: { ouput: z.int() } }, 'the procedure ping has a field "ouput"'],
    ["a schema that is none", { ping: { input: "string" } }, "the input of ping has to be a zod schema"],
    ["output and stream", { ping: { output: z.int(), stream: z.int() } }, "both output and stream"],
    ["an error named toString", { ping: { errors: { toString: z.int() } } }, "no error of ping"],
    ["an error that is no schema", { ping: { errors: { gone: true } } }, "the error gone of ping"],
    ["errors in a list", { ping: { errors: ["gone"] } }, "the errors of ping"],
  ])("refuses %s", (_, procedures, message) => {
    const error = caught(() => define(name, procedures));
    expect(error.code).toBe("CONTRACT_INVALID");
    expect(error.message).toContain(`The RPC contract ${name} cannot be defined`);
    expect(error.message).toContain(message);
  });

  it("takes a name of 100 letters, and refuses a contract that is not called after its plugin", () => {
    expect(define(name, { ["x".repeat(100)]: {} })).toMatchObject({ name });
    const error = caught(() => define("peek_plugin_tutorial.rpcForAgent", {}));
    expect(error.code).toBe("CONTRACT_INVALID");
    expect(error.message).toContain(name);
  });
});
