import { Socket } from "node:net";
import { errorCatalogue, PeekError } from "@peek/errors";
import fc from "fast-check";
import { expect, test } from "vitest";
import { readClientMessage } from "../../src/gateway/connection/readClientMessage.ts";
import { action, canonical, selector, TestSite } from "./TestSite.ts";

const act = fc.record({
  type: fc.constantFrom(action, "peek_plugin_pump.Hidden", ""),
  body: fc.string(),
  client: fc.string(),
  lane: fc.string(),
  seq: fc.oneof(fc.nat(), fc.double()),
  after: fc.integer(),
  acked: fc.nat(),
  at: fc.string(),
  watch: fc.array(fc.constantFrom(canonical, "", "[]"), { maxLength: 20 }),
});

/** Values that are nearly messages, and sometimes are messages. */
const near = fc.oneof(
  fc.record(
    {
      t: fc.constantFrom("sub", "unsub", "act", "beat", "hi", "__proto__", ""),
      id: fc.oneof(fc.nat(50), fc.double(), fc.constant(null), fc.string()),
      sel: fc.oneof(fc.constant(canonical), fc.json(), fc.string()),
      at: fc.oneof(fc.anything(), fc.record({ epoch: fc.string(), offset: fc.integer() })),
      act: fc.oneof(act, fc.anything()),
    },
    { requiredKeys: [] },
  ),
  fc.anything(),
);

const text = fc.oneof(
  fc.string(),
  fc.json(),
  near.map((value) => {
    try {
      return JSON.stringify(value) ?? "";
    } catch {
      // A bigint, or a circle.
      return "{";
    }
  }),
);

test("every text of a browser is a valid message, or refused by an error that quotes little of it", () => {
  fc.assert(
    fc.property(text, (sent) => {
      try {
        expect(["sub", "unsub", "act", "beat"]).toContain(readClientMessage(sent).t);
      } catch (error) {
        if (!PeekError.is(error)) throw error;
        expect(error.code).toBe("CLIENT_FRAME_INVALID");
        expect(error.message.length).toBeLessThan(300);
      }
    }),
    { numRuns: 5000 },
  );
});

test("browsers that send invalid messages receive errors with codes and are closed, while others are served", async () => {
  await using site = await TestSite.open();
  const channel = site.logic.channel(selector);
  channel.put({ id: 1, text: "0" });
  const witness = await site.browser("witness", "witness");
  const c = await witness.subscribe(1, canonical);
  let change = 0;
  const frame = fc.oneof({ weight: 9, arbitrary: text }, { weight: 1, arbitrary: fc.uint8Array() });
  await fc.assert(
    fc.asyncProperty(fc.array(frame, { minLength: 10, maxLength: 60 }), async (frames) => {
      await using browser = await site.browser();
      for (const each of frames) browser.socket.send(each);
      browser.send({ t: "sub", id: 999, sel: "none" });
      await browser.until("an answer to the last, or to be cut off", () =>
        browser.closed === undefined ? browser.messages.some((each) => each.t === "off" && each.id === 999) : true,
      );
      if (browser.closed !== undefined) expect(browser.closed.code).toBe(4429);
      for (const each of browser.messages) {
        if (each.t !== "err" && each.t !== "off") continue;
        expect(Object.keys(errorCatalogue)).toContain(each.code);
        expect(each.code).not.toBe("INTERNAL");
        expect(each.msg).not.toMatch(/\n|\.ts:/u);
      }
      change += 1;
      channel.put({ id: 1, text: String(change) });
      await witness.untilRow(c, 1, String(change));
    }),
    { numRuns: 150 },
  );
  expect(witness.gaps).toBe(0);
});

test("invalid WebSocket frames end their own connection only", async () => {
  await using site = await TestSite.open();
  const witness = await site.browser();
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 20, maxLength: 400 }), async (bytes) => {
      await using browser = await site.browser("eve", "eve");
      const below: unknown = Reflect.get(browser.socket, "_socket");
      if (!(below instanceof Socket)) throw new Error("There is no socket");
      below.end(bytes);
      await browser.untilClosed();
    }),
    { numRuns: 100 },
  );
  await witness.subscribe(1, canonical);
});
