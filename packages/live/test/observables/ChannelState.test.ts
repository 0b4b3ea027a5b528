import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ChannelMessage } from "../../src/gateway/channels/ChannelMessage.ts";
import { ChannelState } from "../../src/channel/ChannelState.ts";
import type { Step } from "../../src/channel/DeltaRing.ts";
import { messageWriter } from "../../src/gateway/channels/ChannelMessage.ts";
import { RingBudget } from "../../src/channel/RingBudget.ts";
import { applyChanges, diff, readDelta, tupleKey, type ServerMessage } from "@peek/live-protocol";

type Rows = ReadonlyMap<string, string>;

const list: fc.Arbitrary<Rows> = fc
  .uniqueArray(fc.record({ id: fc.nat(9), value: fc.nat(2) }), { selector: ({ id }) => id, maxLength: 9 })
  .map((rows) => new Map(rows.map((row) => [tupleKey(row, ["id"]), JSON.stringify(row)])));

function newState(budget = new RingBudget()): ChannelState<ChannelMessage> {
  return new ChannelState(messageWriter(1), budget);
}

/** The rows of a follower after messages. */
function after(rows: Rows, messages: readonly ChannelMessage[]): unknown[] {
  let parsed = new Map([...rows].map(([key, text]): [string, unknown] => [key, JSON.parse(text)]));
  for (const { text } of messages) {
    const message: ServerMessage = JSON.parse(text);
    if (message.t === "s") parsed = new Map(message.rows.map((row) => [tupleKey(row, ["id"]), row]));
    else if (message.t === "d")
      applyChanges(
        parsed,
        readDelta(message, ["id"], (tuple) => tuple),
      );
  }
  return [...parsed.values()];
}

function parsed(rows: Rows): unknown[] {
  return [...rows.values()].map((text): unknown => JSON.parse(text));
}

describe("the state of a channel", () => {
  it("brings a follower from any of its positions to the present one", () => {
    fc.assert(
      fc.property(fc.array(list, { minLength: 1, maxLength: 8 }), (lists) => {
        using state = newState();
        for (const [offset, rows] of lists.entries()) {
          const at = { epoch: "e", offset };
          if (offset === 0) state.begin(at, rows);
          else state.advance(at, diff(state.rows, rows));
        }
        const last = lists.at(-1) ?? new Map();
        for (const [offset, rows] of lists.entries()) {
          const messages = state.catchUp({ epoch: "e", offset });
          expect(after(rows, messages)).toEqual(parsed(last));
          expect(messages.length).toBe(offset === lists.length - 1 ? 0 : 1);
        }
        expect(after(new Map(), state.catchUp(undefined))).toEqual(parsed(last));
      }),
    );
  });

  it("brings followers of another epoch, whose steps it has learned, to the present position", () => {
    const lists = fc.array(list, { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(lists, lists, (own, foreign) => {
        using state = newState();
        for (const [offset, rows] of own.entries()) {
          const at = { epoch: "old", offset };
          if (offset === 0) state.begin(at, rows);
          else state.advance(at, diff(state.rows, rows));
        }
        const steps: Step[] = foreign.slice(1).map((rows, index) => ({
          from: { epoch: "new", offset: index },
          to: { epoch: "new", offset: index + 1 },
          changes: diff(foreign[index] ?? new Map(), rows),
        }));
        const last = foreign.at(-1) ?? new Map();
        state.learn(steps);
        state.advance({ epoch: "new", offset: foreign.length - 1 }, diff(state.rows, last));
        for (const [offset, rows] of own.entries()) {
          expect(after(rows, state.catchUp({ epoch: "old", offset }))).toEqual(parsed(last));
        }
        for (const [offset, rows] of foreign.entries()) {
          expect(after(rows, state.catchUp({ epoch: "new", offset }))).toEqual(parsed(last));
        }
      }),
      { numRuns: 500 },
    );
  });

  it("sends a snapshot when that is much shorter than the delta", () => {
    using state = newState();
    const rows = Array.from({ length: 1000 }, (_, id): [string, string] => [`${id}`, JSON.stringify({ id })]);
    state.begin({ epoch: "e", offset: 0 }, new Map(rows));
    state.advance({ epoch: "e", offset: 1 }, diff(state.rows, new Map(rows.slice(0, 300))));
    expect(state.catchUp({ epoch: "e", offset: 0 })[0]?.text).toContain('"t":"d"');
    state.advance({ epoch: "e", offset: 2 }, diff(state.rows, new Map(rows.slice(0, 3))));
    expect(state.catchUp({ epoch: "e", offset: 0 })[0]?.text).toContain('"t":"s"');
  });

  it("keeps at most 10,000 steps and 8 MiB of its history, and nothing when it is disposed", () => {
    const budget = new RingBudget();
    const state = newState(budget);
    state.begin({ epoch: "e", offset: 0 }, new Map());
    for (let offset = 1; offset <= 12_000; offset += 1) {
      const row = JSON.stringify({ id: 1, value: offset });
      state.advance({ epoch: "e", offset }, diff(state.rows, new Map([["1", row]])));
    }
    expect(state.newest(Infinity, Infinity)).toHaveLength(10_000);
    expect(state.catchUp({ epoch: "e", offset: 1999 })[0]?.text).toContain('"t":"s"');
    expect(state.catchUp({ epoch: "e", offset: 2000 })[0]?.text).toContain('"t":"d"');
    expect(budget.chars).toBe(state.historyChars);
    const large = "x".repeat(1024 * 1024);
    for (let offset = 12_001; offset <= 12_020; offset += 1) {
      const rows = new Map([["1", JSON.stringify({ id: 1, value: offset, large })]]);
      state.advance({ epoch: "e", offset }, diff(state.rows, rows));
    }
    expect(state.newest(Infinity, Infinity)).toHaveLength(7);
    expect(state.newest(3 * 1024 * 1024, Infinity)).toHaveLength(2);
    expect(state.newest(Infinity, 3).map(({ to }) => to.offset)).toEqual([12_018, 12_019, 12_020]);
    expect(budget.chars).toBe(state.historyChars);
    state[Symbol.dispose]();
    expect(budget.chars).toBe(0);
  });

  it("discards its history first when it keeps most of all, and the budget is exceeded", () => {
    const budget = new RingBudget(1_000_000);
    const [large, small] = [newState(budget), newState(budget)];
    for (const state of [large, small]) state.begin({ epoch: "e", offset: 0 }, new Map());
    const push = (state: ChannelState<ChannelMessage>, offset: number): void => {
      const rows = new Map([["1", JSON.stringify({ id: 1, value: offset, x: "x".repeat(1000) })]]);
      state.advance({ epoch: "e", offset }, diff(state.rows, rows));
    };
    for (let offset = 1; offset <= 100; offset += 1) push(small, offset);
    for (let offset = 1; offset <= 5000; offset += 1) push(large, offset);
    expect(small.newest(Infinity, Infinity)).toHaveLength(100);
    expect(large.newest(Infinity, Infinity).length).toBeGreaterThan(400);
    expect(budget.chars).toBeLessThanOrEqual(1_000_000);
    expect(budget.chars).toBe(large.historyChars + small.historyChars);
  });
});
