import { expect, it, onTestFinished, vi } from "vitest";
import { ReconnectBackoff } from "../src/connection/ReconnectBackoff.ts";

it("the delay before reconnecting is random, and its maximum doubles from half a second up to eight", () => {
  const random = vi.spyOn(Math, "random").mockReturnValue(1);
  onTestFinished(() => random.mockRestore());
  const backoff = new ReconnectBackoff();
  const maxima = Array.from({ length: 7 }, () => backoff.nextDelayMs());
  expect(maxima).toEqual([300, 500, 1000, 2000, 4000, 8000, 8000]);
  backoff.reset();
  random.mockReturnValue(0.5);
  expect([backoff.nextDelayMs(), backoff.nextDelayMs()]).toEqual([150, 250]);
});
