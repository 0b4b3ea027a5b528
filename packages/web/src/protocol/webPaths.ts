/** The paths of a site that its app uses. */
export const webPaths = {
  /** Below it, the app shows its own pages; `/app/<plugin>/<route>` is a page of a plugin. `/` is the home screen. */
  app: "/app/",
  /** The {@link WebCatalogue} of the user, with an ETag. */
  catalogue: "/peek/web/catalogue",
  /** A WebSocket with a {@link WebEvent} for each change: browsers allow few other lasting connections to one host. */
  events: "/peek/web/events",
  /** Below it, `<plugin>/<hash>/<file>`: the files of web modules. They never change. */
  modules: "/peek/web/modules/",
  /** Below it, `<hash>/<file>`: the files of the shell, with the modules of the import map. They never change. */
  shell: "/peek/web/shell/",
  /** Below it, `<name>.svg`: the icons of lucide.dev. */
  icons: "/peek/web/icons/",
  /** Receives a {@link WebFailure} by POST. */
  failures: "/peek/web/failures",
  serviceWorker: "/peek-service-worker.js",
  webManifest: "/peek/web/app.webmanifest",
  appIcon: "/peek/web/app-icon.svg",
  /** Below it, `peek-<size>.png`: the icon of the app for devices that take no SVG. */
  appIcons: "/peek/web/app-icons/",
} as const;
