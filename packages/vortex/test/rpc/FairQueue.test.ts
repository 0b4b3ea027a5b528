import { describe, expect, it } from "vitest";
import { FairQueue } from "../../src/rpc/FairQueue.ts";

function filled(...items: readonly string[]): FairQueue<string, string> {
  const queue = new FairQueue<string, string>();
  for (const item of items) queue.push(item.charAt(0), item);
  return queue;
}

function drained(queue: FairQueue<string, string>): readonly string[] {
  const items: string[] = [];
  for (let item = queue.take(); item !== undefined; item = queue.take()) items.push(item);
  return items;
}

describe("a fair queue", () => {
  it("keeps the order within a lane, and serves the lanes in turn", () => {
    expect(drained(filled("a1", "a2", "a3", "b1", "c1", "c2"))).toEqual(["a1", "b1", "c1", "a2", "c2", "a3"]);
  });

  it("forgets removed items", () => {
    const queue = filled("a1", "a2", "b1");
    expect([queue.delete("a", "a1"), queue.delete("a", "a1"), queue.delete("x", "a2")]).toEqual([true, false, false]);
    expect(queue.size).toBe(2);
    expect(drained(queue)).toEqual(["a2", "b1"]);
  });

  it("evicts from another lane that is longer by two", () => {
    const queue = filled("a1", "a2", "a3", "b1");
    expect(queue.evictFor("b")).toBe("a3");
    expect(queue.evictFor("b")).toBeUndefined();
    expect(queue.evictFor("c")).toBe("a2");
    expect(queue.evictFor("c")).toBeUndefined();
    expect(new FairQueue<string, string>().evictFor("a")).toBeUndefined();
  });
});
