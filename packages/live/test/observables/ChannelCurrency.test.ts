import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ChannelCurrency } from "../../src/logic/observables/ChannelCurrency.ts";

/** A channel whose clock a test moves. */
function rig() {
  const changes: { reportedUntil: number; trouble: string | undefined } = { reportedUntil: 0, trouble: undefined };
  const currency = new ChannelCurrency(changes);
  /** All changes until then are reported. */
  const look = (now: number, reportedUntil: number = now) => {
    changes.reportedUntil = reportedUntil;
    currency.check(now);
    return currency.staleness;
  };
  const read = (from: number): void => {
    currency.begin(from);
    currency.succeed();
  };
  return { changes, currency, look, read };
}

describe("the tuples of a channel", () => {
  it("are current as long as all changes are reported, however long nothing changes", () => {
    const { look, read } = rig();
    expect(look(100)).toBeUndefined();
    read(100);
    expect(look(1_000_000)).toBeUndefined();
  });

  it("are stale since a change that waits for long, and current when it was loaded", () => {
    const { currency, look, read } = rig();
    read(100);
    currency.changed(5000);
    expect(look(8000)).toBeUndefined();
    expect(look(8001)).toEqual({ at: 5000, reason: "Changes are still being loaded" });
    currency.begin(8100);
    currency.fail("Loading fails");
    expect(look(8500)).toEqual({ at: 5000, reason: "Loading fails" });
    read(9000);
    expect(look(9500)).toBeUndefined();
  });

  it("stay stale after a load that began before a later change, as of the beginning of the load", () => {
    const { currency, look } = rig();
    currency.begin(100);
    currency.succeed();
    currency.changed(1000);
    currency.begin(1100);
    currency.changed(2000);
    expect(look(6000)?.at).toBe(1000);
    currency.succeed();
    expect(look(6000)?.at).toBe(2000);
  });

  it("are stale when changes are not reported, since the last report, with the reason", () => {
    const { changes, look, read } = rig();
    read(100);
    changes.trouble = "The database cannot be reached";
    expect(look(20_000, 10_000)).toEqual({ at: 10_000, reason: "The database cannot be reached" });
    changes.trouble = undefined;
    expect(look(20_500, 10_000)).toEqual({ at: 10_000, reason: "The database does not answer" });
    // Tuples that the channel reads meanwhile are current as of the time of the read.
    read(20_000);
    expect(look(20_600, 10_000)).toBeUndefined();
  });

  it("do not alternate between stale and current at the limit", () => {
    const { look, read } = rig();
    read(0);
    expect(look(13_100, 10_000)).toBeDefined();
    expect(look(13_200, 10_500)).toBeDefined();
    expect(look(13_300, 12_000)).toBeUndefined();
    expect(look(13_400, 10_500)).toBeUndefined();
  });

  it("are reported as stale again only for a later time or another reason", () => {
    const { changes, currency, look, read } = rig();
    read(0);
    const first = look(14_000, 10_000);
    expect(look(14_500, 10_400)).toBe(first);
    expect(look(15_500, 11_400)?.at).toBe(11_400);
    changes.trouble = "Another";
    expect(look(15_600, 11_400)).toEqual({ at: 11_400, reason: "Another" });
    expect(currency.check(15_700)).toBe(false);
  });

  it("are never current longer than allowed after they were last known to be, in any order of events", () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 2000 }) }),
      fc.constantFrom({ kind: "change" as const }, { kind: "begin" as const }, { kind: "succeed" as const }),
      fc.constantFrom({ kind: "fail" as const }, { kind: "cut" as const }, { kind: "mend" as const }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { currency, look } = rig();
        let now = 1;
        let cutAt: number | undefined;
        let beganAt: number | undefined;
        /** The model: the changes that were made, and the beginning of the last reading that succeeded. */
        const made: number[] = [];
        let readAt: number | undefined;
        for (const each of steps) {
          if (each.kind === "wait") now += each.ms;
          else if (each.kind === "change") {
            made.push(now);
            if (cutAt === undefined) currency.changed(now);
          } else if (each.kind === "begin" && beganAt === undefined) currency.begin((beganAt = now));
          else if (each.kind === "succeed" && beganAt !== undefined) {
            currency.succeed();
            readAt = beganAt;
            beganAt = undefined;
          } else if (each.kind === "fail" && beganAt !== undefined) {
            currency.fail("Fails");
            beganAt = undefined;
          } else if (each.kind === "cut") cutAt ??= now;
          else if (each.kind === "mend") {
            // A change that was missed is reported, as of the time when it may have been made.
            if (cutAt !== undefined) currency.changed(cutAt);
            cutAt = undefined;
          }
          now += 1;
          const staleness = look(now, cutAt ?? now);
          if (readAt === undefined) continue;
          const unread = made.find((at) => at > (readAt ?? 0));
          if (staleness === undefined) {
            if (unread !== undefined) expect(now - unread).toBeLessThanOrEqual(3000);
          } else if (unread !== undefined) expect(staleness.at).toBeLessThanOrEqual(unread);
        }
      }),
    );
  });
});
