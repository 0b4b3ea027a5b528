import { describe, expect, it } from "vitest";
import { isTaskId, TaskIds } from "../../src/caller/TaskIds.ts";

const form = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe("the ids of tasks", () => {
  it("are UUIDs of version 7 that begin with their time", () => {
    const id = new TaskIds(() => 0x01_23_45_67_89_ab).next();
    expect(id).toMatch(form);
    expect(id.startsWith("01234567-89ab-7")).toBe(true);
  });

  it("increase strictly, even for thousands in one millisecond", () => {
    const ids = new TaskIds(() => 1_700_000_000_000);
    const made = Array.from({ length: 20_000 }, () => ids.next());
    expect(made.every((id) => form.test(id))).toBe(true);
    expect(made.every((id, index) => index === 0 || id > (made[index - 1] ?? ""))).toBe(true);
  });

  it("increase even when the clock is put back", () => {
    let now = 1_700_000_000_000;
    const ids = new TaskIds(() => now);
    const before = ids.next();
    now -= 3_600_000;
    const after = ids.next();
    now += 7_200_000;
    expect([before, after, ids.next()].toSorted()[1]).toBe(after);
    expect(after > before).toBe(true);
  });

  it("are recognized, and other values are not", () => {
    expect(isTaskId(new TaskIds().next())).toBe(true);
    expect([undefined, 5, "", "x", `${new TaskIds().next()}0`].some(isTaskId)).toBe(false);
  });
});
