import { type Context, createContext } from "react";
import type { PeekClient } from "../api.ts";

/** The client of the nearest `PeekProvider`. */
export const PeekContext: Context<PeekClient | undefined> = createContext<PeekClient | undefined>(undefined);
