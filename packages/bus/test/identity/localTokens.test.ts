import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync, chmodSync } from "node:fs";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { type ServiceConfigInput, type ServiceHome, serviceConfigSchema, serviceHome, siblingHome } from "@peek/config";
import { serviceNames } from "@peek/plugin-base";
import {
  ensureLocalTokens,
  localTokenFile,
  parseToken,
  readLocalToken,
  serviceToken,
  tokensFile,
  TokenStore,
} from "@peek/bus/identity";
import { describe, expect, it, onTestFinished } from "vitest";
import { caught } from "./caught.ts";
import { temporaryFolder } from "@peek/kit/testing";
import { runTokenProcess } from "./TokenProcess.ts";

function newHome(): ServiceHome {
  return serviceHome("logic", { PEEK_HOME: temporaryFolder() });
}

function open(home: ServiceHome): TokenStore {
  const store = new TokenStore(home);
  onTestFinished(() => store[Symbol.dispose]());
  return store;
}

const baseOf = (home: ServiceHome): string => dirname(home.dir);
const agentToken = (home: ServiceHome): string => readLocalToken(baseOf(home), "agent") ?? "";
const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8);

describe("ensureLocalTokens", () => {
  it("makes a token for every service, readable by the account only", () => {
    const home = newHome();
    expect(ensureLocalTokens(home)).toEqual({ made: serviceNames, withheld: [] });
    const store = open(home);
    for (const service of serviceNames) {
      expect(store.verify(readLocalToken(baseOf(home), service) ?? "")).toMatchObject({ ok: true, service });
      expect(mode(localTokenFile(home, service))).toBe("600");
    }
    expect(mode(dirname(localTokenFile(home, "agent")))).toBe("700");
    expect(store.list()).toMatchObject(serviceNames.map((service) => ({ service, label: "this machine" })));
  });

  it("changes nothing when all tokens exist", () => {
    const home = newHome();
    ensureLocalTokens(home);
    const inodes = (): readonly number[] =>
      [tokensFile(home).path, ...serviceNames.map((service) => localTokenFile(home, service))].map(
        (file) => statSync(file).ino,
      );
    const before = inodes();
    expect(ensureLocalTokens(home)).toEqual({ made: [], withheld: [] });
    expect(inodes()).toEqual(before);
  });

  it.each<[string, (home: ServiceHome) => void]>([
    ["with its file", () => undefined],
    ["without its file", (home) => rmSync(localTokenFile(home, "agent"))],
    ["with a damaged file", (home) => writeFileSync(localTokenFile(home, "agent"), "x")],
  ])("does not replace a revoked token, %s", (_what, change) => {
    const home = newHome();
    ensureLocalTokens(home);
    open(home).revoke(parseToken(agentToken(home)).id);
    change(home);
    expect(ensureLocalTokens(home)).toEqual({ made: [], withheld: ["agent"] });
  });

  it("makes a token again once its entry is removed", () => {
    const home = newHome();
    ensureLocalTokens(home);
    const store = open(home);
    const { id } = parseToken(agentToken(home));
    store.revoke(id);
    const { tokens } = JSON.parse(readFileSync(tokensFile(home).path, "utf8")) as { tokens: { id: string }[] };
    writeFileSync(tokensFile(home).path, JSON.stringify({ tokens: tokens.filter((each) => each.id !== id) }));
    expect(ensureLocalTokens(home)).toEqual({ made: ["agent"], withheld: [] });
    expect(store.verify(agentToken(home))).toMatchObject({ ok: true });
  });

  it("makes a token although an administrator's token was revoked", () => {
    const home = newHome();
    const store = open(home);
    store.revoke(parseToken(store.create("agent", { label: "this machine" })).id);
    expect(ensureLocalTokens(home).made).toEqual(serviceNames);
  });

  it.each<[string, (file: string) => void]>([
    ["lost", (file) => rmSync(file)],
    ["damaged", (file) => writeFileSync(file, "peek_agent_")],
    ["another service's", (file) => writeFileSync(file, readFileSync(file, "utf8").replace("agent", "field"))],
  ])("puts another in the place of one whose text is %s", (_what, change) => {
    const home = newHome();
    ensureLocalTokens(home);
    const before = agentToken(home);
    change(localTokenFile(home, "agent"));
    expect(ensureLocalTokens(home)).toEqual({ made: ["agent"], withheld: [] });
    const store = open(home);
    expect(store.verify(agentToken(home))).toMatchObject({ ok: true });
    expect(store.verify(before)).toMatchObject({ reason: "unknown" });
    expect(store.list()).toHaveLength(serviceNames.length);
  });

  it("changes nothing when tokens.json is damaged", () => {
    const home = newHome();
    ensureLocalTokens(home);
    const before = agentToken(home);
    writeFileSync(tokensFile(home).path, "{");
    expect(caught(() => ensureLocalTokens(home)).code).toBe("TOKENS_UNUSABLE");
    expect(readFileSync(tokensFile(home).path, "utf8")).toBe("{");
    expect(agentToken(home)).toBe(before);
  });

  it("names the file that cannot be written", () => {
    const home = newHome();
    mkdirSync(home.tokensDir, { recursive: true });
    writeFileSync(dirname(localTokenFile(home, "agent")), "");
    const error = caught(() => ensureLocalTokens(home));
    expect(error.code).toBe("TOKENS_UNUSABLE");
    expect(error.message).toContain(dirname(localTokenFile(home, "agent")));
  });
});

describe("readLocalToken", () => {
  it("returns undefined when there is no token", () => {
    expect(readLocalToken(temporaryFolder(), "agent")).toBeUndefined();
  });

  it.each<[string, (file: string) => void, string]>([
    ["damaged", (file) => writeFileSync(file, "geheim"), "does not contain a token for agent"],
    ["a folder", (file) => (rmSync(file), mkdirSync(file)), "it is a folder, not a file"],
  ])("says so when the file is %s", (_what, change, why) => {
    const home = newHome();
    ensureLocalTokens(home);
    change(localTokenFile(home, "agent"));
    const error = caught(() => readLocalToken(baseOf(home), "agent"));
    expect(error).toMatchObject({ code: "TOKENS_UNUSABLE", fields: { file: localTokenFile(home, "agent") } });
    expect(error.message).toContain(why);
    expect(error.message).not.toContain("geheim");
  });

  it.runIf(process.getuid?.() === 0)("names the owner of the file to another account", async () => {
    const home = newHome();
    ensureLocalTokens(home);
    chmodSync(baseOf(home), 0o755);
    const said = await runTokenProcess([baseOf(home), "read"], 65_534);
    expect(said).toContain(`Failed to read ${localTokenFile(home, "agent")}: this account may not read it (EACCES)`);
    expect(said).toContain(
      "It belongs to the account 0, and this service runs as 65534: run the service as that account",
    );
    expect(said).toContain("peek token create");
  });
});

describe("serviceToken", () => {
  function tokenOf(
    home: ServiceHome,
    dataExchange: ServiceConfigInput["dataExchange"],
  ): ReturnType<typeof serviceToken> {
    const config = serviceConfigSchema.parse({ dataExchange });
    return serviceToken({ config, home: siblingHome(home, "agent"), service: "agent" });
  }

  it("returns the token of the configuration", () => {
    const home = newHome();
    ensureLocalTokens(home);
    const token = open(home).create("agent");
    expect(tokenOf(home, { token, host: "logic.example" })).toEqual({
      text: token,
      origin: `dataExchange.token in ${siblingHome(home, "agent").configFile}`,
    });
  });

  it.each(["127.0.0.1", "127.1.2.3", "localhost", "LOCALHOST", "::1", "[::1]", hostname()])(
    "is the one that logic made, for logic on %s",
    (host) => {
      const home = newHome();
      ensureLocalTokens(home);
      expect(tokenOf(home, { host })).toEqual({ text: agentToken(home), origin: localTokenFile(home, "agent") });
    },
  );

  it.each(["logic.example", "192.0.2.1", "127.example", "localhost.example"])(
    "is not the one that logic made here, for logic on %s",
    (host) => {
      const home = newHome();
      ensureLocalTokens(home);
      expect(tokenOf(home, { host })).toEqual({
        missing: expect.stringContaining(`agent has no token for logic on ${host}: run peek token create agent`),
      });
    },
  );

  it("explains that logic has not made the token yet", () => {
    const home = newHome();
    expect(tokenOf(home, {})).toEqual({
      missing: expect.stringContaining(`${localTokenFile(home, "agent")} does not exist yet`),
    });
  });

  it.each<[string, (home: ServiceHome) => string, readonly string[]]>([
    ["none", () => "geheim", ["it has 6 characters", "peek config set agent dataExchange.token -"]],
    ["for another service", (home) => open(home).create("office"), ["is a token for office", "this is agent"]],
  ])("of the configuration that is %s is refused", (_what, make, parts) => {
    const home = newHome();
    const token = make(home);
    const error = caught(() => tokenOf(home, { token }));
    expect(error).toMatchObject({ code: "CONFIG_INVALID", exitCode: 78 });
    for (const part of [siblingHome(home, "agent").configFile, ...parts]) expect(error.message).toContain(part);
    expect(error.message).not.toContain(token.slice(-20));
  });
});
