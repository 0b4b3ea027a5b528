import { expect, it } from "vitest";
import { networkOf } from "../src/users/networkOf.ts";

it.each([
  ["192.0.2.7", "192.0.2.7"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2"],
  ["2001:DB8:0001:2::6", "2001:db8:1:2"],
  ["2001:db8::6", "2001:db8:0:0"],
  ["::1", "0:0:0:0"],
  ["fe80::1%eth0", "fe80:0:0:0"],
  ["64:ff9b::192.0.2.7", "64:ff9b:0:0"],
  ["not an address", "not an address"],
  ["", ""],
])("%s belongs to the network %s", (address, expected) => {
  expect(networkOf(address)).toBe(expected);
});
