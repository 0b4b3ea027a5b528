import { webPaths } from "@peek/web/protocol";

/** The manifest that makes the app of a site installable. */
export function webManifest(title: string): string {
  const icon = { src: webPaths.appIcon, sizes: "any", type: "image/svg+xml" };
  return JSON.stringify({
    id: "/",
    name: title,
    short_name: title,
    start_url: "/",
    scope: "/",
    display: "standalone",
    background_color: "#12161a",
    theme_color: "#1a2027",
    icons: [
      { ...icon, purpose: "any" },
      { ...icon, purpose: "maskable" },
    ],
  });
}
