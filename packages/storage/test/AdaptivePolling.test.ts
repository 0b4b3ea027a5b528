import { describe, expect, it } from "vitest";
import { AdaptivePolling } from "../src/outbox/AdaptivePolling.ts";

describe("AdaptivePolling", () => {
  it("starts polling after 15 notifications within 100 ms", () => {
    const mode = new AdaptivePolling();
    const answers = Array.from({ length: 15 }, (_each, index) => mode.countNotification(1000 + index));
    expect(answers.indexOf(true)).toBe(14);
  });

  it("waits for notifications while they are rare", () => {
    const mode = new AdaptivePolling();
    for (let index = 0; index < 100; index += 1) expect(mode.countNotification(index * 10)).toBe(false);
  });

  it("keeps polling while 25 polls within 500 ms find changes, and stops when fewer do", () => {
    const mode = new AdaptivePolling();
    mode.setPolling(true, 0);
    expect(mode.isPolling).toBe(true);
    for (let now = 20; now < 500; now += 20) expect(mode.countPoll(true, now)).toBe(false);
    expect(mode.countPoll(true, 500)).toBe(false);
    for (let now = 520; now < 1000; now += 20) expect(mode.countPoll(now < 700, now)).toBe(false);
    expect(mode.countPoll(false, 1000)).toBe(true);
  });

  it("ignores notifications while it polls", () => {
    const mode = new AdaptivePolling();
    mode.setPolling(true, 0);
    for (let index = 0; index < 100; index += 1) expect(mode.countNotification(index)).toBe(false);
  });
});
