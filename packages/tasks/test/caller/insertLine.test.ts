import { PeekError } from "@peek/errors";
import { describe, expect, it } from "vitest";
import { InsertLine } from "../../src/caller/InsertLine.ts";
import type { TaskRequest } from "../../src/queue/TaskQueue.ts";
import { rejection } from "./rig.ts";

const retry = { tries: 1, delayMs: 0, maxDelayMs: 0 };
const request = (id: string, input = ""): TaskRequest => ({ id, input, priority: 0, retry, deadlineMs: 1 });

/** Statements that end when the test says so. */
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

describe("tasks on their way into a queue", () => {
  it("go together when they come in one turn, or while a statement is under way, and each gets its own ids", async () => {
    const statements = new Statements();
    const line = new InsertLine(statements.insert, false);
    const first = [line.add([request("a")]), line.add([request("b"), request("c")])];
    await Promise.resolve();
    const second = [line.add([request("d")]), line.add([request("e")])];
    expect(statements.sent).toEqual(["a b c"]);
    statements.end(0).resolve();
    expect(await Promise.all(first)).toEqual([["a"], ["b", "c"]]);
    statements.end(1).resolve();
    expect(await Promise.all(second)).toEqual([["d"], ["e"]]);
    expect(statements.sent).toEqual(["a b c", "d e"]);
    await line.idle();
  });

  it("go by themselves when one of them was refused, so that it alone fails", async () => {
    const sent: string[] = [];
    const refusal = new PeekError("STORAGE_QUERY_FAILED", "The statement was refused.");
    const line = new InsertLine(async (requests) => {
      const ids = requests.map(({ id }) => id);
      sent.push(ids.join(" "));
      if (ids.includes("bad")) throw refusal;
      return ids;
    }, false);
    const added = ["a", "bad", "c"].map((id) => line.add([request(id)]));
    expect(await Promise.allSettled(added)).toEqual([
      { status: "fulfilled", value: ["a"] },
      { status: "rejected", reason: refusal },
      { status: "fulfilled", value: ["c"] },
    ]);
    expect(sent).toEqual(["a bad c", "a", "bad", "c"]);
  });

  it("fail together when the database cannot be reached, and those after them go on", async () => {
    const statements = new Statements();
    const line = new InsertLine(statements.insert, false);
    const added = [line.add([request("a")]), line.add([request("b")])].map(rejection);
    statements.end(0).reject(new PeekError("STORAGE_UNAVAILABLE", "The database cannot be reached."));
    statements.end(1).resolve();
    expect((await Promise.all(added)).map(({ code }) => code)).toEqual(["STORAGE_UNAVAILABLE", "STORAGE_UNAVAILABLE"]);
    expect(await line.add([request("c")])).toEqual(["c"]);
    expect(statements.sent).toEqual(["a b", "c"]);
  });

  it("are at most 1,000 or 4 Mi characters to a statement, and one where they have to be alone", async () => {
    const sizes: number[] = [];
    const insert = async (requests: readonly TaskRequest[]) => {
      sizes.push(requests.length);
      return requests.map(({ id }) => id);
    };
    const add = async (line: InsertLine, count: number, input: string): Promise<readonly number[]> => {
      await Promise.all(Array.from({ length: count }, (_, index) => line.add([request(String(index), input)])));
      return sizes.splice(0);
    };
    expect(await add(new InsertLine(insert, false), 2500, "")).toEqual([1000, 1000, 500]);
    expect(await add(new InsertLine(insert, false), 5, "x".repeat(2 * 1024 * 1024))).toEqual([2, 2, 1]);
    expect(await add(new InsertLine(insert, true), 3, "")).toEqual([1, 1, 1]);
  });
});
