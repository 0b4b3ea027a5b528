export { type PluginPage, PluginSites } from "./plugin/PluginSites.ts";
export { AnonymousSessions, anonymousUser } from "./sessions/AnonymousSessions.ts";
export type {
  Credentials,
  LoginDesk,
  LoginOutcome,
  SessionProvider,
  SessionVerdict,
  SiteSession,
} from "./sessions/SessionProvider.ts";
export { HttpSite } from "./site/HttpSite.ts";
export type { HttpSiteOptions, SiteLimits, SiteName, SiteTls } from "./site/HttpSiteOptions.ts";
export type { SiteRequest } from "./site/SiteRequest.ts";
export type { LoginNeededHandler, UpgradeHandler } from "./site/Upgrades.ts";
