import { defineAction } from "@peek/plugin-base/contracts";
import { expect, it } from "vitest";
import { z } from "zod";
import { itemsOf, loadName, notedTable } from "./src/live/loadPlugin.ts";
import { LiveSystem } from "./src/live/LiveSystem.ts";
import { SimulatedBrowsers } from "./src/live/SimulatedBrowsers.ts";
import { Writer } from "./src/live/Writer.ts";
import { RecordingClient } from "./src/RecordingClient.ts";

const Note = defineAction(`${loadName}.Note`, { lane: z.string(), n: z.int() });

/** Pushes actions one after the other, in a lane of its own, until it is stopped. */
async function push(client: RecordingClient["client"], lane: string, isStopped: () => boolean): Promise<number> {
  let n = 0;
  while (!isStopped()) {
    n += 1;
    await (
      await client.push(Note, { lane, n }, { lane })
    ).result;
  }
  return n;
}

it("a plugin that is reloaded again and again loses no change and no action, and disconnects no browser", async () => {
  await using system = await LiveSystem.start();
  await system.fill(20);
  await using browsers = await SimulatedBrowsers.open({
    urls: [system.field.url],
    count: 50,
    selectors: [itemsOf(0)],
  });
  using recording = new RecordingClient({ url: system.field.url });
  await using writer = new Writer(system.db, 20);
  let isStopped = false;
  const lanes = ["a", "b", "c", "d"];
  await browsers.begin();
  writer.start(40);
  const pushing = lanes.map((lane) => push(recording.client, lane, () => isStopped));
  for (let reload = 0; reload < 5; reload += 1) {
    const { code, stdout, stderr } = await system.reload();
    expect({ code, stdout }, stderr).toMatchObject({ code: 0, stdout: expect.stringMatching(/logic-.*field-/s) });
  }
  isStopped = true;
  const pushed = await Promise.all(pushing);
  await writer.stop();
  await browsers.untilTotal(writer.written);
  const report = await browsers.report();
  expect(report).toMatchObject({ live: 50, cuts: 0, gaps: 0, repeated: 0, steppedBack: 0, codes: {} });
  // Each action was executed exactly once, in the order of its lane.
  const { rows } = await system.db.query(
    `SELECT lane, array_agg(n ORDER BY id) AS n FROM ${notedTable} GROUP BY lane ORDER BY lane`,
  );
  expect(rows).toEqual(
    lanes.map((lane, index) => ({ lane, n: Array.from({ length: pushed[index] ?? 0 }, (_, n) => n + 1) })),
  );
});
