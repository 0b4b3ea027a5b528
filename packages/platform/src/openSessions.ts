import type { ServiceConfig, ServiceHome } from "@peek/config";
import { AnonymousSessions, type SessionProvider } from "@peek/http";
import {
  KnownDevices,
  remoteUsers,
  serveUsers,
  SessionStore,
  UserDesk,
  UserSessions,
  type UserSource,
  UserStore,
} from "@peek/http/users";
import type { Logger, PluginRpc } from "@peek/plugin-base";
import type { ServiceDefinition } from "./ServiceDefinition.ts";

/** The group whose users may use logic's admin site. */
const adminGroup = "admin";

/** What {@link openSessions} works with. */
export interface OpenSessionsOptions {
  readonly definition: ServiceDefinition;
  readonly home: ServiceHome;
  readonly config: ServiceConfig;
  /** Whether browsers are let in without a login. */
  readonly anonymous: boolean;
  /** The platform's own. */
  readonly rpc: PluginRpc;
  readonly logger: Logger;
}

/**
 * Who is let in on a service's site. Logic has the users, and tells field and office of them.
 *
 * @param owned Takes what has to be closed in the end.
 * @throws PeekError `USERS_UNUSABLE`
 */
export function openSessions(
  { definition, home, config, anonymous, rpc, logger }: OpenSessionsOptions,
  owned: AsyncDisposableStack,
): SessionProvider {
  const isLogic = definition.name === "logic";
  // Also where logic's own site needs none, field and office may.
  const source = isLogic ? logicUsers(home, config, rpc, logger, owned) : remoteUsers(rpc);
  if (anonymous) return new AnonymousSessions();
  return owned.use(new UserSessions({ source, logger, ...(isLogic && { requiredGroup: adminGroup }) }));
}

function logicUsers(
  home: ServiceHome,
  config: ServiceConfig,
  rpc: PluginRpc,
  logger: Logger,
  owned: AsyncDisposableStack,
): UserSource {
  const users = new UserStore(home, logger);
  const sessions = owned.use(new SessionStore({ home, days: config.users.sessionDays, logger }));
  const desk = new UserDesk({ users, sessions, devices: new KnownDevices(home, logger), logger });
  owned.use(serveUsers(rpc, desk));
  return desk.at("admin");
}
