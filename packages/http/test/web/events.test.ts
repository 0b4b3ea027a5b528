import { PeekError } from "@peek/errors";
import { webPaths } from "@peek/web/protocol";
import { describe, expect, it, onTestFinished } from "vitest";
import { EventReader, until } from "@peek/kit/testing";
import { type OpenWebSite, openWebSite, webPlugin } from "./openWebSite.ts";

async function listen(site: OpenWebSite, user = "anna", groups = ""): Promise<EventReader> {
  const reader = new EventReader(await site.get(webPaths.events, { user, groups }));
  onTestFinished(() => reader[Symbol.asyncDispose]());
  return reader;
}

async function etagOf(site: OpenWebSite, groups = ""): Promise<string> {
  return (await site.get(webPaths.catalogue, { groups })).headers.get("etag") ?? "";
}

describe("the events", () => {
  it("begin with the ETag of the user's catalogue, and follow each change of it", async () => {
    const site = await openWebSite();
    const events = await listen(site);
    expect(await events.next()).toEqual({ event: "catalogue", data: await etagOf(site) });
    const pump = site.start(webPlugin());
    expect(await events.next()).toEqual({ event: "catalogue", data: await etagOf(site) });
    const suspension = site.modules.suspend("peek_plugin_pump");
    expect(await events.next()).toEqual({ event: "catalogue", data: await etagOf(site) });
    await pump[Symbol.asyncDispose]();
    suspension[Symbol.dispose]();
    expect(await events.next()).toEqual({ event: "catalogue", data: await etagOf(site) });
  });

  it("are only about plugins that the user may see", async () => {
    const site = await openWebSite();
    const anna = await listen(site, "anna", "");
    const boss = await listen(site, "boss", "boss");
    await Promise.all([anna.next(), boss.next()]);
    site.start(webPlugin({ plugin: "peek_plugin_secret", section: { groups: ["boss"] } }));
    await boss.next();
    site.start(webPlugin());
    expect(await anna.next()).toEqual({ event: "catalogue", data: await etagOf(site) });
  });

  it("end with a login when the session has ended, and without one when the user was changed", async () => {
    const site = await openWebSite();
    const [anna, berta] = [await listen(site, "anna"), await listen(site, "berta")];
    await Promise.all([anna.next(), berta.next()]);
    expect(site.sessions.tracked).toBe(2);
    site.sessions.end("anna", new PeekError("SESSION_ENDED", "The session has ended."));
    expect(await anna.next()).toEqual({ event: "login", data: "" });
    expect(await anna.next()).toBeUndefined();
    site.sessions.end("berta", new PeekError("SESSION_CHANGED", "The user has changed."));
    expect(await berta.next()).toBeUndefined();
    await until("no session is tracked", () => site.sessions.tracked === 0);
  });

  it("end when the site closes, which does not wait for them", async () => {
    const site = await openWebSite({ limits: { drainMs: 60_000 } });
    const events = await listen(site);
    await events.next();
    await site.site[Symbol.asyncDispose]();
    expect(await events.next()).toBeUndefined();
  });

  it("keep the connection alive by comments", async () => {
    const site = await openWebSite({ limits: { events: { heartbeatMs: 1 } } });
    const events = await listen(site);
    await events.next();
    await until("two comments have come", () => events.comments >= 2);
  });

  it("are refused beyond the limits of a user and of the site", async () => {
    const site = await openWebSite({ limits: { events: { streams: 3, streamsOfUser: 2 } } });
    const status = async (user: string): Promise<number> => {
      const response = await site.get(webPaths.events, { user });
      if (response.ok) onTestFinished(() => response.body?.cancel());
      return response.status;
    };
    const first = await listen(site, "anna");
    expect([await status("anna"), await status("anna"), await status("berta"), await status("clara")]).toEqual([
      200, 503, 200, 503,
    ]);
    await first[Symbol.asyncDispose]();
    await until("there is room again", async () => (await status("clara")) === 200);
  });

  it("need a session", async () => {
    const site = await openWebSite();
    expect((await fetch(`${site.origin}${webPaths.events}`)).status).toBe(401);
  });
});
