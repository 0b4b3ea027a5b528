import { type WebFailure, webPaths } from "@peek/web/protocol";
import { describe, expect, it } from "vitest";
import { TestLog } from "@peek/kit/testing";
import { remoteFailures, serveWebFailures, WebFailureLog } from "../../src/index.ts";
import { LocalRpc } from "../LocalRpc.ts";
import { type OpenWebSite, openWebSite } from "./openWebSite.ts";

const failure: WebFailure = {
  plugin: "peek_plugin_pump",
  version: "1.0.0",
  phase: "render",
  message: "rows is undefined",
  stack: "Error: rows is undefined\n  at Pumps",
  path: "/app/peek_plugin_pump",
};

async function post({ origin }: OpenWebSite, body: unknown, user: string | undefined = "anna"): Promise<Response> {
  return await fetch(`${origin}${webPaths.failures}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...(user !== "" && { "x-user": user }) },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
}

describe("a failure that a browser reports", () => {
  it("is passed on once it is checked", async () => {
    const site = await openWebSite();
    expect((await post(site, failure)).status).toBe(204);
    expect(site.reports).toEqual([failure]);
    const bad = [
      "{",
      {},
      { ...failure, phase: "x" },
      { ...failure, plugin: "../x" },
      { ...failure, message: "x".repeat(2001) },
    ];
    for (const body of bad) expect((await post(site, body)).status).toBe(400);
    expect((await post(site, { ...failure, more: "x".repeat(40_000) })).status).toBe(413);
    expect((await post(site, failure, "")).status).toBe(401);
    expect(site.reports).toHaveLength(1);
  });

  it("is refused when the user has reported too many, with a time to try again; other users are not", async () => {
    const site = await openWebSite();
    const statuses: number[] = [];
    for (let times = 0; times < 21; times += 1) statuses.push((await post(site, failure)).status);
    expect(statuses).toEqual([...Array.from({ length: 20 }, () => 204), 429]);
    const refused = await post(site, failure);
    expect(refused.headers.get("retry-after")).toBe("3");
    expect(await refused.json()).toMatchObject({ code: "RATE_LIMITED" });
    expect((await post(site, failure, "berta")).status).toBe(204);
  });

  it("comes to the log of logic with plugin, version, user and site; a flood is one line", async () => {
    const rpc = new LocalRpc();
    const log = new TestLog();
    serveWebFailures(rpc.for("logic"), new WebFailureLog(log));
    const send = remoteFailures(rpc.for("office"));
    for (let times = 0; times < 100; times += 1)
      await send({ ...failure, message: "rows\nis\u001b[2J undefined" }, { user: "an\nna" });
    expect(log.lines).toEqual([
      "error: The web module of peek_plugin_pump 1.0.0 failed to render for an na on the office site: rows is [2J undefined",
    ]);
    expect(log.facts).toEqual([
      expect.objectContaining({
        plugin: "peek_plugin_pump",
        version: "1.0.0",
        site: "office",
        instance: "office-1",
        stack: failure.stack,
      }),
    ]);
    await send({ ...failure, version: "1.0.1" }, { user: "anna" });
    expect(log.lines).toHaveLength(2);
    for (let version = 0; version < 100; version += 1)
      await send({ ...failure, version: `2.${version}` }, { user: "anna" });
    expect(log.lines).toHaveLength(60);
  });
});
