import type { WebFailure } from "@peek/web/protocol";
import { ImportError } from "./ImportError.ts";

/** Why a page of a plugin cannot be shown, or what has failed in it. */
export interface ModuleFailure {
  readonly phase: WebFailure["phase"];
  readonly message: string;
  readonly stack?: string | undefined;
}

/** The failure for anything that was thrown. @param phase Unless it is an {@link ImportError}. */
export function failureOf(phase: ModuleFailure["phase"], thrown: unknown): ModuleFailure {
  if (thrown instanceof ImportError) return { ...failureOf(phase, thrown.cause), phase: "import" };
  if (thrown instanceof Error) return { phase, message: `${thrown.name}: ${thrown.message}`, stack: thrown.stack };
  return { phase, message: `Thrown: ${String(thrown)}` };
}
