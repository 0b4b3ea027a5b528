import { describe, expect, it } from "vitest";
import { LoadHold } from "../../src/logic/observables/LoadHold.ts";

function holdsOf(): { readonly holds: LoadHold; readonly freed: () => number } {
  let freed = 0;
  const holds = new LoadHold(() => {
    freed += 1;
  });
  return { holds, freed: () => freed };
}

describe("a load hold", () => {
  it("delays one load and no other, however long it lasts", () => {
    const { holds, freed } = holdsOf();
    expect(holds.delayedUntil(1000)).toBe(0);
    holds.acquire();
    expect(holds.delayedUntil(1000)).toBe(1050);
    // It is asked again, when the time is over.
    expect(holds.delayedUntil(1051)).toBe(1050);
    holds.begin();
    expect(holds.delayedUntil(1060)).toBe(0);
    const another = holds.acquire();
    expect(holds.delayedUntil(1060)).toBe(1110);
    another[Symbol.dispose]();
    expect(freed()).toBe(1);
    expect(holds.delayedUntil(1061)).toBe(0);
  });

  it("that is acquired while a load is delayed delays the next load, and not that one", () => {
    const { holds, freed } = holdsOf();
    const [first, second] = [holds.acquire(), holds.acquire()];
    expect(holds.delayedUntil(1000)).toBe(1050);
    const third = holds.acquire();
    first[Symbol.dispose]();
    first[Symbol.dispose]();
    expect(freed()).toBe(0);
    second[Symbol.dispose]();
    expect(freed()).toBe(1);
    expect(holds.delayedUntil(1010)).toBe(0);
    holds.begin();
    expect(holds.delayedUntil(1020)).toBe(1070);
    holds.begin();
    third[Symbol.dispose]();
    expect(freed()).toBe(1);
  });

  it("that was released delays nothing", () => {
    const { holds, freed } = holdsOf();
    holds.acquire()[Symbol.dispose]();
    expect(holds.delayedUntil(1000)).toBe(0);
    expect(freed()).toBe(0);
  });
});
