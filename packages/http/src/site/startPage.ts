import type { PeekUser } from "@peek/plugin-base";
import type { PluginPage } from "../plugin/PluginRoutes.ts";
import { escapeHtml, htmlPage } from "./htmlPage.ts";

/** The page at `/`: links to the pages of plugins. */
export function startPage(title: string, pages: readonly PluginPage[], user: PeekUser, canLogOut: boolean): string {
  const links = pages.map(({ path, title }) => `<li><a href="${escapeHtml(path)}">${escapeHtml(title)}</a></li>`);
  const list = links.length === 0 ? "<p>No plugin has a page here.</p>" : `<ul>\n${links.join("\n")}\n</ul>`;
  const logout = `<form method="post" action="/peek/logout"><p>${escapeHtml(user.name)} <button>Log out</button></p></form>`;
  return htmlPage(title, `<h1>${escapeHtml(title)}</h1>\n${list}\n${canLogOut ? logout : ""}`);
}
