import { PeekError } from "@peek/errors";
import { webPaths } from "@peek/web/protocol";
import { describe, expect, it, onTestFinished } from "vitest";
import { until } from "@peek/kit/testing";
import { EventReader } from "./EventReader.ts";
import { type OpenWebSite, openWebSite, webPlugin } from "./openWebSite.ts";

async function tryToListen(
  { origin }: OpenWebSite,
  user = "anna",
  groups = "",
  autoPong = true,
): Promise<EventReader | number> {
  const reader = await EventReader.connect(origin, user === "" ? {} : { "x-user": user, "x-groups": groups }, autoPong);
  if (typeof reader === "object") onTestFinished(() => reader[Symbol.dispose]());
  return reader;
}

async function listen(...args: Parameters<typeof tryToListen>): Promise<EventReader> {
  const reader = await tryToListen(...args);
  if (typeof reader === "number") throw new Error(`The connection was refused with ${reader}.`);
  return reader;
}

async function etagOf(site: OpenWebSite, groups = ""): Promise<string> {
  return (await site.get(webPaths.catalogue, { groups })).headers.get("etag") ?? "";
}

describe("the events", () => {
  it("begin with the ETag of the user's catalogue, and follow each change of it", async () => {
    const site = await openWebSite();
    const events = await listen(site);
    expect(await events.next()).toEqual({ event: "catalogue", etag: await etagOf(site) });
    const pump = site.start(webPlugin());
    expect(await events.next()).toEqual({ event: "catalogue", etag: await etagOf(site) });
    const suspension = site.modules.suspend("peek_plugin_pump");
    expect(await events.next()).toEqual({ event: "catalogue", etag: await etagOf(site) });
    await pump[Symbol.asyncDispose]();
    suspension[Symbol.dispose]();
    expect(await events.next()).toEqual({ event: "catalogue", etag: await etagOf(site) });
  });

  it("are only about plugins that the user may see", async () => {
    const site = await openWebSite();
    const anna = await listen(site, "anna", "");
    const boss = await listen(site, "boss", "boss");
    await Promise.all([anna.next(), boss.next()]);
    site.start(webPlugin({ plugin: "peek_plugin_secret", section: { groups: ["boss"] } }));
    await boss.next();
    site.start(webPlugin());
    expect(await anna.next()).toEqual({ event: "catalogue", etag: await etagOf(site) });
  });

  it("are also about pages that are documents of their own", async () => {
    const site = await openWebSite();
    const events = await listen(site);
    await events.next();
    const http = site.plugins.forPlugin(
      "peek_plugin_pump",
      import.meta.dirname,
      () => new AsyncDisposableStack(),
      site.log,
    );
    const page = http.files(".", { title: "Pumps" });
    expect(await events.next()).toEqual({ event: "catalogue", etag: await etagOf(site) });
    page[Symbol.dispose]();
    expect(await events.next()).toEqual({ event: "catalogue", etag: await etagOf(site) });
  });

  it("wait for the plugins of a service that starts", async () => {
    const site = await openWebSite({ isComplete: false });
    const events = await listen(site);
    site.start(webPlugin());
    site.modules.begin();
    const etag = await etagOf(site);
    expect((await site.catalogue()).plugins).toHaveLength(1);
    expect(await events.next()).toEqual({ event: "catalogue", etag });
  });

  it("end with a login when the session has ended, and without one when the user was changed", async () => {
    const site = await openWebSite();
    const [anna, berta] = [await listen(site, "anna"), await listen(site, "berta")];
    await Promise.all([anna.next(), berta.next()]);
    expect(site.sessions.tracked).toBe(2);
    site.sessions.end("anna", new PeekError("SESSION_ENDED", "The session has ended."));
    expect(await anna.next()).toEqual({ event: "login" });
    expect(await anna.next()).toBeUndefined();
    site.sessions.end("berta", new PeekError("SESSION_CHANGED", "The user has changed."));
    expect(await berta.next()).toBeUndefined();
    await until("no session is tracked", () => site.sessions.tracked === 0);
  });

  it("are a login, and end, without a session", async () => {
    const stranger = await listen(await openWebSite(), "");
    expect(await stranger.next()).toEqual({ event: "login" });
    expect(await stranger.next()).toBeUndefined();
  });

  it("end when the site closes", async () => {
    const site = await openWebSite();
    const events = await listen(site);
    await events.next();
    await site.site[Symbol.asyncDispose]();
    expect(await events.next()).toBeUndefined();
  });

  it("have beats, and end for a browser that no longer answers them", async () => {
    const site = await openWebSite({ limits: { events: { beatMs: 250 } } });
    const [alive, dead] = [await listen(site), await listen(site, "berta", "", false)];
    await Promise.all([alive.next(), dead.next()]);
    expect(await dead.next()).toBeUndefined();
    const { beats } = alive;
    await until("the other browser gets beats", () => alive.beats >= beats + 2);
  });

  it("are refused beyond the limits of a user and of the site", async () => {
    const site = await openWebSite({ limits: { events: { sockets: 3, socketsOfUser: 2 } } });
    const first = await listen(site, "anna");
    await listen(site, "anna");
    expect(await tryToListen(site, "anna")).toBe(503);
    await listen(site, "berta");
    expect(await tryToListen(site, "clara")).toBe(503);
    first[Symbol.dispose]();
    await until("there is room again", async () => typeof (await tryToListen(site, "clara")) === "object");
  });

  it("end for a browser that sends more than it may", async () => {
    const site = await openWebSite();
    const events = await listen(site);
    await events.next();
    events.send("x".repeat(2000));
    expect(await events.next()).toBeUndefined();
  });
});
