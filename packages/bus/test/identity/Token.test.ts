import { serviceNames } from "@peek/plugin-base";
import { parseToken, TokenStore } from "@peek/bus/identity";
import { serviceHome } from "@peek/config";
import { describe, expect, it } from "vitest";
import { caught } from "./caught.ts";
import { temporaryFolder } from "@peek/kit/testing";

const secret = "AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_AbCdE";
const right = `peek_agent_k3v4x2m7_${secret}`;

describe("parseToken", () => {
  it("parses a token", () => {
    expect(parseToken(right)).toEqual({ service: "agent", id: "k3v4x2m7", secret });
  });

  it.each(serviceNames)("parses a token made for %s", (service) => {
    const store = new TokenStore(serviceHome("logic", { PEEK_HOME: temporaryFolder() }));
    const ids = new Set<string>();
    for (let index = 0; index < 20; index += 1) {
      const text = store.create(service);
      const token = parseToken(text);
      expect(token.service).toBe(service);
      expect(`peek_${token.service}_${token.id}_${token.secret}`).toBe(text);
      expect(Buffer.from(token.secret, "base64url")).toHaveLength(32);
      ids.add(token.id);
    }
    expect(ids.size).toBe(20);
  });

  it.each([
    ["nothing", "", "it is empty"],
    ["white space before it", ` ${right}`, "white space"],
    ["the end of its line", `${right}\n`, "white space"],
    ["a part of it", right.slice(0, -1), "it has 62 characters"],
    ["more than it", `${right}A`, "it has 64 characters"],
    ["another service", right.replace("agent", "donkey"), "it has 64 characters"],
    ["another beginning", right.replace("peek", "Peek"), "a token is peek_<service>_<id>_<secret>"],
    ["capitals in its id", right.replace("k3v4", "K3V4"), "a token is"],
    ["a digit that ids do not have", right.replace("k3v4", "k1v4"), "a token is"],
    ["a secret of other bytes than 32", `${right.slice(0, -1)}F`, "a token is"],
    ["a key of every object", right.replace("agent", "constructor"), "a token is"],
  ])("refuses %s, and does not show it", (_what, text, why) => {
    const error = caught(() => parseToken(text));
    expect(error).toMatchObject({ code: "TOKEN_MALFORMED", exitCode: 78, fields: {} });
    expect(error.message).toContain(why);
    expect(error.message).not.toContain(secret.slice(0, 10));
    expect(error.message).not.toContain("\n");
  });
});
