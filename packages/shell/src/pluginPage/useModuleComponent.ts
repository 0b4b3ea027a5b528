import type { LazyComponent, PluginWeb } from "@peek/web";
import { type ComponentType, useEffect, useState } from "react";
import type { LoadedModule } from "../modules/LoadedModule.ts";

type Loaded = { readonly Component: ComponentType } | { readonly error: unknown };

/** The component to load. */
export interface ModuleComponentOptions {
  /** The component of the module: the first function is used. */
  readonly select: (web: PluginWeb) => LazyComponent | undefined;
  /** The message of a module that has no such component. */
  readonly missing: string;
}

/**
 * A component of a module; undefined while it is loaded. React's Suspense would show it up to a third of a second later.
 *
 * @throws unknown The failure of the module, or of the component's import.
 */
export function useModuleComponent(
  module: LoadedModule,
  { select, missing }: ModuleComponentOptions,
): ComponentType | undefined {
  const [loaded, setLoaded] = useState<Loaded>();
  const [first] = useState(() => ({ select, missing }));
  useEffect(() => {
    let isWanted = true;
    const set = (next: Loaded): void => {
      if (isWanted) setLoaded(next);
    };
    loadComponent(module, first).then(
      (Component) => set({ Component }),
      (error: unknown) => set({ error }),
    );
    return () => {
      isWanted = false;
    };
  }, [module, first]);
  if (loaded !== undefined && "error" in loaded) throw loaded.error;
  return loaded?.Component;
}

async function loadComponent(
  module: LoadedModule,
  { select, missing }: ModuleComponentOptions,
): Promise<ComponentType> {
  const load = select(await module.ready);
  if (load === undefined) throw new Error(missing);
  return await module.component(load);
}
