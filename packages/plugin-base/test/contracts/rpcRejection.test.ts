import { describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { PeekError } from "@peek/errors";
import { defineRpc, isRejection, RpcRejection } from "@peek/plugin-base/contracts";

const contract = defineRpc("peek_plugin_tutorial.RpcForAgent", {
  addPump: { errors: { duplicate: z.object({ id: z.int() }), full: z.undefined() } },
  ping: {},
});

describe("RpcRejection", () => {
  it("is a PeekError with the name and the data of a declared error", () => {
    const error = new RpcRejection("duplicate", "There is one of that name", { id: 3 });
    expect(error).toMatchObject({
      code: "RPC_REJECTED",
      message: "There is one of that name",
      error: "duplicate",
      data: { id: 3 },
      fields: { error: "duplicate" },
    });
    expect(PeekError.is(error) && RpcRejection.is(error)).toBe(true);
  });

  it("is recognised when it is of another copy of the package", async () => {
    vi.resetModules();
    const copy = await import("@peek/plugin-base/contracts");
    expect(copy.RpcRejection).not.toBe(RpcRejection);
    const error = new copy.RpcRejection("duplicate", "x", { id: 3 });
    expect(error instanceof RpcRejection).toBe(false);
    expect(RpcRejection.is(error)).toBe(true);
  });

  it.each([
    ["another error", new Error("x")],
    ["another PeekError", new PeekError("RPC_REJECTED", "x")],
    ["null", null],
    ["its like", { code: "RPC_REJECTED", error: "duplicate", [Symbol.for("peek.rpc-rejection")]: true }],
    [
      "a proxy that throws",
      new Proxy(new Error("x"), {
        has: () => {
          throw new Error("no");
        },
      }),
    ],
  ])("is not %s", (_, value) => {
    expect(RpcRejection.is(value)).toBe(false);
  });
});

describe("isRejection", () => {
  it("tells a declared error by its name", () => {
    const error = new RpcRejection("duplicate", "x", { id: 3 });
    expect(isRejection(contract.procedures.addPump, error, "duplicate")).toBe(true);
    expect(isRejection(contract.procedures.addPump, error, "full")).toBe(false);
    expect(isRejection(contract.procedures.addPump, new Error("duplicate"), "duplicate")).toBe(false);
  });

  it("knows only what the procedure declares", () => {
    const error = new RpcRejection("other", "x");
    const isAny = isRejection as (procedure: unknown, error: unknown, name: string) => boolean;
    expect(isAny(contract.procedures.addPump, error, "other")).toBe(false);
    expect(isAny(contract.procedures.ping, error, "other")).toBe(false);
  });
});
