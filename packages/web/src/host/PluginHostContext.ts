import { type Context, createContext } from "react";
import type { PluginHost } from "./PluginHost.ts";

/** The app around a page of a plugin; undefined outside of one. */
export const PluginHostContext: Context<PluginHost | undefined> = createContext<PluginHost | undefined>(undefined);
