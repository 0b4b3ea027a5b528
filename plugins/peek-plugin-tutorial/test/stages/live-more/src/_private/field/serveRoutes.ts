import type { PeekFieldPlatformHook } from "@peek/plugin-base/field";

/** Answers requests at /peek_plugin_tutorial/me and /peek_plugin_tutorial/twice/5. */
export function serveRoutes({ http }: PeekFieldPlatformHook): void {
  http.route("GET", "/me", (_request, { user }) => Response.json({ name: user.name }));
  http.route("GET", "/twice/:number", (_request, { params }) => new Response(String(2 * Number(params["number"]))));
}
