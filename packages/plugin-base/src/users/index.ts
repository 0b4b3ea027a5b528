export type { PeekUser } from "./PeekUser.ts";
