export { type PluginPage, PluginRoutes } from "./plugin/PluginRoutes.ts";
export { AnonymousSessionProvider, anonymousUser } from "./sessions/AnonymousSessionProvider.ts";
export type {
  Credentials,
  LoginHandler,
  LoginResult,
  SessionProvider,
  AuthenticationResult,
  SiteSession,
} from "./sessions/SessionProvider.ts";
export { HttpSite } from "./site/HttpSite.ts";
export type { HttpSiteOptions, SiteLimits, SiteTls } from "./site/HttpSiteOptions.ts";
export type { SiteName } from "./site/SiteName.ts";
export type { SiteRequest } from "./site/SiteRequest.ts";
export type { SiteWeb } from "./web/SiteWeb.ts";
export { WebFailureLog } from "./web/WebFailureLog.ts";
export { remoteFailures, serveWebFailures } from "./web/WebFailuresRpc.ts";
export { type WebModule, WebModules } from "./web/WebModules.ts";
export type { LoginNeededHandler, UpgradeHandler } from "./site/UpgradeRouter.ts";
