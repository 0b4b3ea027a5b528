export type { AuthenticationBackend, ValidSession } from "./AuthenticationBackend.ts";
export { KnownDevices } from "./KnownDevices.ts";
export { SessionStore, type SessionEntry, type SessionStoreOptions } from "./SessionStore.ts";
export { UserAuthenticator, type UserAuthenticatorOptions } from "./UserAuthenticator.ts";
export { type PasswordCheck, UserDirectory, type UserDirectoryOptions } from "./UserDirectory.ts";
export { UserSessionProvider, type UserSessionProviderOptions } from "./UserSessionProvider.ts";
export { type ListedUser, UserStore } from "./UserStore.ts";
export { remoteBackend, serveAuthentication, UsersRpc } from "./UsersRpc.ts";
