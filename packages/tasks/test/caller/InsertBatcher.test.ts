import { PeekError } from "@peek/errors";
import { describe, expect, it } from "vitest";
import { caught } from "@peek/kit/testing";
import { InsertBatcher } from "../../src/caller/InsertBatcher.ts";
import type { TaskRequest } from "../../src/queue/TaskQueue.ts";

const retry = { tries: 1, delayMs: 0, maxDelayMs: 0 };
const request = (id: string, input = ""): TaskRequest => ({ id, input, priority: 0, retry, deadlineMs: 1 });

/** Statements that the test ends. */
class Statements {
  readonly sent: string[] = [];
  readonly #ends: PromiseWithResolvers<void>[] = [];

  readonly insert = async (requests: readonly TaskRequest[]): Promise<readonly string[]> => {
    const ids = requests.map(({ id }) => id);
    this.sent.push(ids.join(" "));
    await this.end(this.sent.length - 1).promise;
    return ids;
  };

  end(index: number): PromiseWithResolvers<void> {
    return (this.#ends[index] ??= Promise.withResolvers());
  }
}

describe("calls that insert tasks into a queue", () => {
  it("share a statement when they come in one tick or while a statement runs, and each gets its own ids", async () => {
    const statements = new Statements();
    const batcher = new InsertBatcher(statements.insert, true);
    const first = [batcher.add([request("a")]), batcher.add([request("b"), request("c")])];
    await Promise.resolve();
    const second = [batcher.add([request("d")]), batcher.add([request("e")])];
    expect(statements.sent).toEqual(["a b c"]);
    statements.end(0).resolve();
    expect(await Promise.all(first)).toEqual([["a"], ["b", "c"]]);
    statements.end(1).resolve();
    expect(await Promise.all(second)).toEqual([["d"], ["e"]]);
    expect(statements.sent).toEqual(["a b c", "d e"]);
    await batcher.idle();
  });

  it("are repeated one by one when their common statement was refused, so that only the faulty one fails", async () => {
    const sent: string[] = [];
    const refusal = new PeekError("STORAGE_QUERY_FAILED", "The statement was refused.");
    const batcher = new InsertBatcher(async (requests) => {
      const ids = requests.map(({ id }) => id);
      sent.push(ids.join(" "));
      if (ids.includes("bad")) throw refusal;
      return ids;
    }, true);
    const added = ["a", "bad", "c"].map((id) => batcher.add([request(id)]));
    expect(await Promise.allSettled(added)).toEqual([
      { status: "fulfilled", value: ["a"] },
      { status: "rejected", reason: refusal },
      { status: "fulfilled", value: ["c"] },
    ]);
    expect(sent).toEqual(["a bad c", "a", "bad", "c"]);
  });

  it("fail together when the database cannot be reached, and later calls succeed", async () => {
    const statements = new Statements();
    const batcher = new InsertBatcher(statements.insert, true);
    const added = [batcher.add([request("a")]), batcher.add([request("b")])].map(caught);
    statements.end(0).reject(new PeekError("STORAGE_UNAVAILABLE", "The database cannot be reached."));
    statements.end(1).resolve();
    expect((await Promise.all(added)).map(({ code }) => code)).toEqual(["STORAGE_UNAVAILABLE", "STORAGE_UNAVAILABLE"]);
    expect(await batcher.add([request("c")])).toEqual(["c"]);
    expect(statements.sent).toEqual(["a b", "c"]);
  });

  it("share a statement of at most 1,000 tasks or 4 Mi characters, and none when batching is off", async () => {
    const sizes: number[] = [];
    const insert = async (requests: readonly TaskRequest[]) => {
      sizes.push(requests.length);
      return requests.map(({ id }) => id);
    };
    const add = async (batcher: InsertBatcher, count: number, input: string): Promise<readonly number[]> => {
      await Promise.all(Array.from({ length: count }, (_, index) => batcher.add([request(String(index), input)])));
      return sizes.splice(0);
    };
    expect(await add(new InsertBatcher(insert, true), 2500, "")).toEqual([1000, 1000, 500]);
    expect(await add(new InsertBatcher(insert, true), 5, "x".repeat(2 * 1024 * 1024))).toEqual([2, 2, 1]);
    expect(await add(new InsertBatcher(insert, false), 3, "")).toEqual([1, 1, 1]);
  });
});
