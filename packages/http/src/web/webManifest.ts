import { webPaths } from "@peek/web/protocol";

/** The sizes of the icon as PNG, in pixels. */
export const appIconSizes: readonly number[] = [180, 192, 512];

/** The manifest that makes the app of a site installable. */
export function webManifest(title: string): string {
  const svg = { src: webPaths.appIcon, sizes: "any", type: "image/svg+xml" };
  const png = appIconSizes.map((size) => ({
    src: `${webPaths.appIcons}peek-${size}.png`,
    sizes: `${size}x${size}`,
    type: "image/png",
  }));
  return JSON.stringify({
    id: "/",
    name: title,
    short_name: title,
    start_url: "/",
    scope: "/",
    display: "standalone",
    background_color: "#12161a",
    theme_color: "#1a2027",
    icons: [svg, ...png].flatMap((icon) => [
      { ...icon, purpose: "any" },
      { ...icon, purpose: "maskable" },
    ]),
  });
}
