import { precache, createHandlerBoundToURL, addPlugins, cleanupOutdatedCaches } from "workbox-precaching";
import { NavigationRoute, registerRoute } from "workbox-routing";
import { CacheFirst, StaleWhileRevalidate } from "workbox-strategies";
import { webPaths } from "@peek/web/protocol";
import { moduleCacheOf } from "../offline/moduleCacheOf.ts";
import { userMark } from "./userMark.ts";

/** The URLs of the shell's files; set by the build. */
declare const SHELL_FILES: readonly string[];
/** The hash of the shell; set by the build. */
declare const SHELL_HASH: string;
declare const self: {
  skipWaiting(): Promise<void>;
  addEventListener(type: "message", listener: (event: MessageEvent<unknown>) => void): void;
  readonly __WB_DISABLE_DEV_LOGS?: boolean;
};

/** The page of the app: the same for all users, and for all paths of the app. */
const page = "/";

// Without a session, the site sends the login page instead.
addPlugins([{ cacheWillUpdate: async ({ response }) => (response.ok && !response.redirected ? response : null) }]);
precache([...SHELL_FILES.map((url) => ({ url, revision: null })), { url: page, revision: SHELL_HASH }]);
cleanupOutdatedCaches();
registerRoute(new NavigationRoute(createHandlerBoundToURL(page), { allowlist: [/^\/(?:\?|$)/, /^\/app\//] }));

registerRoute(
  ({ url }) => url.pathname.startsWith(webPaths.icons),
  new StaleWhileRevalidate({ cacheName: "peek-icons" }),
);

// The site decides who may load a module: the files that are kept for one user are not given to another.
registerRoute(
  ({ url }) => url.pathname.startsWith(webPaths.modules),
  async (options) => {
    const mark = await userMark();
    if (mark === undefined) return fetch(options.request);
    return new CacheFirst({
      cacheName: moduleCacheOf(mark),
      // The answers vary by their compression, which the browser has removed.
      matchOptions: { ignoreVary: true },
    }).handle(options);
  },
);

self.addEventListener("message", ({ data }) => {
  if (data === "take") void self.skipWaiting();
});
