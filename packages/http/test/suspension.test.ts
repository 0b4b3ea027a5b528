import { expect, test } from "vitest";
import { openPlugin } from "./openPlugin.ts";

const plugin = "peek_plugin_pump";
const never = new AbortController().signal;

test("requests for a suspended plugin wait, and are answered by the routes that it has when it is resumed", async () => {
  const { http, get, plugins } = await openPlugin();
  const old = http.route("GET", "/version", () => new Response("old"));
  http.route("GET", "/gone", () => new Response("old"))[Symbol.dispose]();
  using suspension = await plugins.suspend(plugin, never);
  let answered = 0;
  const waiting = [get("/version"), get("/version"), get("/gone")].map(async (request) => {
    const response = await request;
    answered += 1;
    return [response.status, response.ok ? await response.text() : ""];
  });
  old[Symbol.dispose]();
  http.route("GET", "/version", () => new Response("new"));
  // Another plugin's requests do not wait, and come later.
  expect((await get("/../peek_plugin_valve/x")).status).toBe(404);
  expect(answered).toBe(0);
  suspension[Symbol.dispose]();
  expect(await Promise.all(waiting)).toEqual([
    [200, "new"],
    [200, "new"],
    [404, ""],
  ]);
});

test("a plugin is suspended when its handlers have answered the earlier requests, or the deadline has come", async () => {
  const { http, get, plugins } = await openPlugin();
  const entered = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<Response>();
  http.route("GET", "/slow", () => {
    entered.resolve();
    return answer.promise;
  });
  const slow = get("/slow");
  await entered.promise;
  const deadline = new AbortController();
  const late = plugins.suspend(plugin, deadline.signal);
  deadline.abort();
  using _late = await late;
  const suspending = plugins.suspend(plugin, never);
  answer.resolve(new Response("done"));
  using _suspension = await suspending;
  expect(await (await slow).text()).toBe("done");
});

test("requests beyond the limit of waiting ones are refused with a time to try again", async () => {
  const { http, get, plugins } = await openPlugin();
  http.route("GET", "/x", () => new Response("x"));
  using suspension = await plugins.suspend(plugin, never);
  const waiting = Array.from({ length: 1000 }, () => plugins.resumed(plugin));
  const refused = await get("/x");
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "2"]);
  suspension[Symbol.dispose]();
  expect(new Set(await Promise.all(waiting))).toEqual(new Set([true]));
  expect((await get("/x")).status).toBe(200);
});
