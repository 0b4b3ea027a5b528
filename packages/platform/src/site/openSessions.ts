import type { ServiceConfig, ServiceHome } from "@peek/config";
import { AnonymousSessionProvider, type SessionProvider } from "@peek/http";
import {
  KnownDevices,
  remoteBackend,
  serveAuthentication,
  SessionStore,
  UserAuthenticator,
  UserDirectory,
  UserSessionProvider,
} from "@peek/http/users";
import type { Logger, PluginRpc } from "@peek/plugin-base";
import type { SessionCheck } from "@peek/plugin-base/internal";
import type { ServiceDefinition } from "../ServiceDefinition.ts";
import { sessionCheck } from "./sessionCheck.ts";

/** The group whose users may use logic's admin site. */
const adminGroup = "admin";

/** The options of {@link openSessions}. */
export interface OpenSessionsOptions {
  readonly definition: ServiceDefinition;
  readonly home: ServiceHome;
  readonly config: ServiceConfig;
  /** Whether browsers are admitted without a login. */
  readonly anonymous: boolean;
  /** The scope of the platform itself. */
  readonly rpc: PluginRpc;
  readonly logger: Logger;
}

/** The sessions of a site, and on logic, the check of sessions on whose behalf other services act. */
export interface OpenedSessions {
  readonly provider: SessionProvider;
  /** On logic. */
  readonly check?: SessionCheck;
}

/**
 * Opens the sessions of a service's site. Logic has the users; field and office ask logic for them.
 *
 * @param owned Receives the resources that have to be closed in the end.
 * @throws PeekError `USERS_UNUSABLE`
 */
export function openSessions(
  { definition, home, config, anonymous, rpc, logger }: OpenSessionsOptions,
  owned: AsyncDisposableStack,
): OpenedSessions {
  if (definition.name !== "logic") {
    const users = (): SessionProvider => owned.use(new UserSessionProvider({ backend: remoteBackend(rpc), logger }));
    return { provider: anonymous ? new AnonymousSessionProvider() : users() };
  }
  // Also where logic's own site admits anonymous browsers, field and office may need users.
  const authenticator = logicUsers(home, config, rpc, logger, owned);
  const check = sessionCheck(authenticator, config, logger);
  if (anonymous) return { provider: new AnonymousSessionProvider(), check };
  const provider = new UserSessionProvider({
    backend: authenticator.backendFor("admin"),
    logger,
    requiredGroup: adminGroup,
  });
  return { provider: owned.use(provider), check };
}

function logicUsers(
  home: ServiceHome,
  config: ServiceConfig,
  rpc: PluginRpc,
  logger: Logger,
  owned: AsyncDisposableStack,
): UserAuthenticator {
  const users = new UserDirectory({ home, logger });
  const sessions = owned.use(new SessionStore({ home, days: config.users.sessionDays, logger }));
  const authenticator = new UserAuthenticator({ users, sessions, devices: new KnownDevices(home, logger), logger });
  owned.use(serveAuthentication(rpc, authenticator));
  return authenticator;
}
