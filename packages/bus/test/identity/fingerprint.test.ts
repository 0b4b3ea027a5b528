import { X509Certificate } from "node:crypto";
import { expect, it, onTestFinished } from "vitest";
import { connected } from "../bus/BusHarness.ts";
import { TestExchange } from "../ws/TestExchange.ts";
import { temporaryFolder } from "@peek/kit/testing";
import { type Certificate, TestAuthority } from "./TestAuthority.ts";

async function openExchange(tls: Certificate): Promise<TestExchange> {
  const logic = await TestExchange.open({ tls });
  onTestFinished(() => logic[Symbol.asyncDispose]());
  return logic;
}

const fingerprintOf = ({ cert }: Certificate): string => new X509Certificate(cert).fingerprint256;

it("an exchange is identified by the fingerprint of its certificate, with any host names", async () => {
  const authority = new TestAuthority(temporaryFolder());
  const own = authority.issue({ hosts: "DNS:elsewhere.example" });
  const logic = await openExchange(own);
  const { bus } = logic.dial("agent", {
    token: logic.tokens.create("agent"),
    ca: own.cert,
    fingerprint: fingerprintOf(own),
  });
  await connected(bus);
});

it("another certificate of the same authority is rejected, and gets no token", async () => {
  const authority = new TestAuthority(temporaryFolder());
  const [own, other] = [authority.issue(), authority.issue({ name: "agent" })];
  const logic = await openExchange(other);
  // As in a bundle with the whole chain.
  const { bus, log } = logic.dial("agent", {
    token: logic.tokens.create("agent"),
    ca: own.cert + authority.cert,
    fingerprint: fingerprintOf(own),
  });
  await log.until(/Waiting for .*another certificate than logic's own/);
  expect(bus.state).toBe("connecting");
  expect(logic.exchange.peers("agent")).toEqual([]);
});
