export { KnownDevices } from "./KnownDevices.ts";
export { SessionStore, type SessionEntry, type SessionStoreOptions } from "./SessionStore.ts";
export { UserDesk, type UserDeskOptions } from "./UserDesk.ts";
export { UserSessions, type UserSessionsOptions } from "./UserSessions.ts";
export type { KnownSession, UserSource } from "./UserSource.ts";
export { type ListedUser, UserStore, type UserVerdict } from "./UserStore.ts";
export { remoteUsers, serveUsers, UsersRpc } from "./UsersRpc.ts";
