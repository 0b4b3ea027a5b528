import { expect, it } from "vitest";
import { type LoginAttempt, LoginBudgets } from "../src/users/LoginBudgets.ts";

const stranger = { site: "field", name: "anna", isOwnMachine: false } as const;

/** How many of so many attempts are permitted, each of which fails. */
function permitted(budgets: LoginBudgets, count: number, attempt: (index: number) => LoginAttempt): number {
  return Array.from({ length: count }, (_, index) => budgets.take(attempt(index))).filter(Boolean).length;
}

function fromAnywhere(index: number): LoginAttempt {
  return { ...stranger, address: `198.51.100.${index % 250}` };
}

it("strangers from many addresses use up the attempts for a name, and nobody else's", () => {
  const budgets = new LoginBudgets();
  expect(permitted(budgets, 120, (index) => fromAnywhere(index % 12))).toBe(100);
  const address = "203.0.113.1";
  expect(budgets.take({ ...stranger, address })).toBeUndefined();
  expect(budgets.take({ ...stranger, address, name: "berta" })).toBeDefined();
  expect(budgets.take({ ...stranger, address, knownDevice: "anna 1" })).toBeDefined();
  expect(budgets.take({ ...stranger, address: "127.0.0.1", site: "admin", isOwnMachine: true })).toBeDefined();
});

it("what is tried by way of one site uses up nothing of another's", () => {
  const budgets = new LoginBudgets();
  permitted(budgets, 120, fromAnywhere);
  expect(budgets.take({ ...stranger, address: "203.0.113.1", site: "office" })).toBeDefined();
});

it("a known device and logic's own machine are bounded too, each by itself", () => {
  const budgets = new LoginBudgets();
  const address = "203.0.113.1";
  expect(permitted(budgets, 20, () => ({ ...stranger, address, knownDevice: "anna 1" }))).toBe(10);
  expect(budgets.take({ ...stranger, address, knownDevice: "anna 2" })).toBeDefined();
  expect(budgets.take({ ...stranger, address })).toBeDefined();
  const here = { ...stranger, site: "admin", address: "127.0.0.1", isOwnMachine: true } as const;
  expect(permitted(budgets, 20, () => here)).toBe(10);
  expect(budgets.take({ ...here, name: "berta" })).toBeDefined();
});

it("invented addresses and names are bounded by way of which site they come", () => {
  const budgets = new LoginBudgets();
  const invented = (index: number): LoginAttempt => ({
    ...stranger,
    name: `name-${index}`,
    address: `2001:db8:${(index >> 8).toString(16)}:${(index & 255).toString(16)}::1`,
  });
  const count = permitted(budgets, 3000, invented);
  expect(count).toBeGreaterThanOrEqual(1000);
  // As many as are given back meanwhile, however slow the machine is.
  expect(count).toBeLessThan(1500);
});

it("whoever was let in has used up nothing", () => {
  const budgets = new LoginBudgets();
  const address = "203.0.113.1";
  for (let count = 0; count < 30; count += 1) {
    const attempt = budgets.take({ ...stranger, address });
    expect(attempt).toBeDefined();
    attempt?.succeeded();
  }
});
