export { type DeclaredWebModule, readWebFolder, type WebFolder } from "./readWebFolder.ts";
