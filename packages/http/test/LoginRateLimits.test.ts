import { expect, it } from "vitest";
import { type LoginAttempt, LoginRateLimits } from "../src/users/LoginRateLimits.ts";

const stranger = { site: "field", name: "anna", isLocal: false } as const;

/** Counts the allowed ones of a number of failing attempts. */
function permitted(limits: LoginRateLimits, count: number, attempt: (index: number) => LoginAttempt): number {
  return Array.from({ length: count }, (_, index) => limits.count(attempt(index))).filter(Boolean).length;
}

function fromAnywhere(index: number): LoginAttempt {
  return { ...stranger, address: `198.51.100.${index % 250}` };
}

it("strangers from many addresses exhaust the limit of one name, and no other", () => {
  const limits = new LoginRateLimits();
  expect(permitted(limits, 120, (index) => fromAnywhere(index % 12))).toBe(100);
  const address = "203.0.113.1";
  expect(limits.count({ ...stranger, address })).toBeUndefined();
  expect(limits.count({ ...stranger, address, name: "berta" })).toBeDefined();
  expect(limits.count({ ...stranger, address, knownDevice: "anna 1" })).toBeDefined();
  expect(limits.count({ ...stranger, address: "127.0.0.1", site: "admin", isLocal: true })).toBeDefined();
});

it("attempts on one site do not exhaust the limits of another", () => {
  const limits = new LoginRateLimits();
  permitted(limits, 120, fromAnywhere);
  expect(limits.count({ ...stranger, address: "203.0.113.1", site: "office" })).toBeDefined();
});

it("a known device and logic's own machine have limits of their own", () => {
  const limits = new LoginRateLimits();
  const address = "203.0.113.1";
  expect(permitted(limits, 20, () => ({ ...stranger, address, knownDevice: "anna 1" }))).toBe(10);
  expect(limits.count({ ...stranger, address, knownDevice: "anna 2" })).toBeDefined();
  expect(limits.count({ ...stranger, address })).toBeDefined();
  const here = { ...stranger, site: "admin", address: "127.0.0.1", isLocal: true } as const;
  expect(permitted(limits, 20, () => here)).toBe(10);
  expect(limits.count({ ...here, name: "berta" })).toBeDefined();
});

it("attempts with invented addresses and names are limited for each site", () => {
  const limits = new LoginRateLimits();
  const invented = (index: number): LoginAttempt => ({
    ...stranger,
    name: `name-${index}`,
    address: `2001:db8:${(index >> 8).toString(16)}:${(index & 255).toString(16)}::1`,
  });
  const count = permitted(limits, 3000, invented);
  expect(count).toBeGreaterThanOrEqual(1000);
  // On a slow machine, the bucket is refilled meanwhile.
  expect(count).toBeLessThan(1500);
});

it("a successful login does not count", () => {
  const limits = new LoginRateLimits();
  const address = "203.0.113.1";
  for (let count = 0; count < 30; count += 1) {
    const attempt = limits.count({ ...stranger, address });
    expect(attempt).toBeDefined();
    attempt?.succeeded();
  }
});
