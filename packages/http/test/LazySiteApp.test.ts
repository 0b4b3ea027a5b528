import { describe, expect, it } from "vitest";
import { openPlugin } from "./openPlugin.ts";
import { openSite } from "./openSite.ts";

describe("the application of a site, which is created with the first request", () => {
  it("answers all requests that come during its creation", async () => {
    const { origin } = await openSite();
    const answers = await Promise.all(Array.from({ length: 20 }, () => fetch(`${origin}/healthz`)));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
  });

  it("passes the whole body of the first request to its handler", async () => {
    const { http, get, origin } = await openPlugin();
    http.route("POST", "/length", async (request) => Response.json((await request.text()).length));
    const answer = await get("/length", { method: "POST", body: "x".repeat(300_000), headers: { origin } });
    expect(await answer.json()).toBe(300_000);
  });

  it("is not created by a site that is closed before its first request", async () => {
    const { site } = await openSite();
    await site[Symbol.asyncDispose]();
    await expect(fetch(site.origin)).rejects.toThrow("fetch failed");
  });
});
