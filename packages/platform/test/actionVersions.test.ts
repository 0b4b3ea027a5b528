import { describeSchema, defineAction, encode } from "@peek/plugin-base/contracts";
import { digestOf } from "@peek/live-protocol";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { ActionRig, plugin } from "./ActionRig.ts";

const name = `${plugin}.Raise`;
/** The version of the pages that pushed before the upgrade. */
const Old = defineAction(name, { percent: z.number() });
/** The version before that one. */
const Ancient = defineAction(name, { level: z.string() });
const Present = defineAction(
  name,
  { by: z.int() },
  { upgrade: (old) => ({ by: Math.round(z.object({ percent: z.number() }).parse(old).percent / 10) }) },
);
const fingerprintOf = ({ schema }: { readonly schema: z.ZodType }): string => digestOf([describeSchema(schema)]);

let rig: ActionRig;
let client = 0;

beforeAll(async () => {
  rig = await ActionRig.open();
});

afterAll(async () => {
  await rig[Symbol.asyncDispose]();
});

beforeEach(async () => {
  await rig.stopPlugin();
  await rig.query("UPDATE pl_pump.pump SET level = 0");
  client += 1;
  rig.actions.handle(Present, async ({ by }, { transaction }) => {
    await transaction.updateTable("pump").set({ level: by }).where("id", "=", 1).execute();
  });
});

const push = (action: unknown, contract: string | undefined, sequence = 1): ReturnType<ActionRig["push"]> =>
  rig.push(name, encode(action), {
    client: `versions-${client}`,
    sequence,
    after: sequence - 1,
    ...(contract !== undefined && { contract }),
  });

describe("an action of an earlier version of its type", () => {
  it.each([
    ["a page that has not been updated", fingerprintOf(Old)],
    ["a page that has been updated", fingerprintOf(Present)],
    ["a page that does not use the type yet", ""],
  ])("is upgraded when it comes from %s", async (_page, contract) => {
    expect(await push({ percent: 70 }, contract)).toMatchObject({ kind: "done" });
    expect(await rig.level()).toBe(7);
  });

  it("stays on the device while upgrade() cannot read it, and becomes a dead letter when the page is updated", async () => {
    for (const contract of [fingerprintOf(Ancient), fingerprintOf(Old), ""]) {
      expect(await push({ level: "high" }, contract)).toMatchObject({ kind: "retry", code: "ACTION_UPDATE_NEEDED" });
    }
    expect(await rig.actions.deadLetters()).toEqual([]);
    const rejected = { kind: "rejected", code: "DATA_INVALID", msg: expect.stringContaining("by") };
    expect(await push({ level: "high" }, fingerprintOf(Present))).toMatchObject(rejected);
    expect(await rig.actions.deadLetters()).toMatchObject([{ code: "DATA_INVALID", body: '{"level":"high"}' }]);
    expect(await push({ by: 3 }, fingerprintOf(Present), 2)).toMatchObject({ kind: "done" });
    expect(await rig.level()).toBe(3);
  });

  it("blocks the later ones of its lane, and is executed when a later version of the plugin can read it", async () => {
    expect(await push({ level: "high" }, "")).toMatchObject({ kind: "retry" });
    expect(await push({ by: 1 }, "", 2)).toMatchObject({ kind: "early" });
    await rig.stopPlugin();
    const Next = defineAction(name, { by: z.int() }, { upgrade: () => ({ by: 9 }) });
    rig.actions.handle(Next, async ({ by }, { transaction }) => {
      await transaction.updateTable("pump").set({ level: by }).where("id", "=", 1).execute();
    });
    expect(await push({ level: "high" }, "")).toMatchObject({ kind: "done" });
    expect(await rig.level()).toBe(9);
  });
});
