import type { LazyComponent, PluginWeb } from "@peek/web";
import { OverlayContainerContext, PluginHostContext, type WebUser } from "@peek/web/host";
import type { CataloguePlugin, WebCatalogue } from "@peek/web/protocol";
import { type ReactNode, Suspense, useEffect, useState } from "react";
import { ErrorBoundary } from "react-error-boundary";
import { useApp } from "../AppServices.ts";
import { failureOf } from "../modules/ModuleFailure.ts";
import type { LoadedModule } from "../modules/LoadedModule.ts";
import { useTexts } from "../texts/useTexts.ts";
import { FailureView } from "./FailureView.tsx";
import { LoadingView } from "./LoadingView.tsx";
import { useModuleComponent } from "./useModuleComponent.ts";
import { usePluginHostOf } from "./usePluginHostOf.ts";

/** The props of {@link PluginPart}. */
export interface PluginPartProps {
  readonly entry: CataloguePlugin;
  readonly site: WebCatalogue["site"];
  readonly user: WebUser;
  readonly params: Readonly<Record<string, string>>;
  /** The component of the module. */
  readonly select: (web: PluginWeb) => LazyComponent | undefined;
  /** The message of a module that has no such component. */
  readonly missing: string;
}

/** A component of a plugin's web module, kept apart from the rest of the app: its failures and its styles stay within it. */
export function PluginPart(props: PluginPartProps): ReactNode {
  const { entry } = props;
  const { modules, failures } = useApp();
  const texts = useTexts();
  const [attempt, setAttempt] = useState(0);
  const module = modules.get(entry);
  const retry = (): void => {
    modules.forget(module);
    setAttempt((before) => before + 1);
  };
  return (
    <ErrorBoundary
      resetKeys={[attempt, entry.hash]}
      onError={(error) => failures.add(entry, failureOf("render", error))}
      fallbackRender={({ error }) => (
        <FailureView
          heading={texts.pluginFailed(entry.title)}
          text={texts.pluginFailedText}
          failure={failureOf("render", error)}
          subject={`${entry.name} ${entry.version}`}
          onRetry={retry}
          isRepeated={attempt > 0}
        />
      )}
    >
      <ModulePart key={`${entry.hash} ${attempt}`} {...props} module={module} />
    </ErrorBoundary>
  );
}

function ModulePart({
  module,
  entry,
  site,
  user,
  params,
  select,
  missing,
}: PluginPartProps & { readonly module: LoadedModule }): ReactNode {
  const { modules, failures, pageLeft } = useApp();
  const [overlays, setOverlays] = useState<HTMLElement | null>(null);
  const host = usePluginHostOf({ entry, site, user, params });
  useEffect(() => modules.hold(module), [modules, module]);
  useEffect(() => () => pageLeft(entry.name), [pageLeft, entry.name]);
  const Component = useModuleComponent(module, { select, missing });
  if (Component === undefined) return <LoadingView title={entry.title} />;
  return (
    <PluginHostContext.Provider value={host}>
      <OverlayContainerContext.Provider value={overlays}>
        <div className="shell-plugin">
          <div data-peek-plugin={entry.name}>
            <Suspense fallback={<LoadingView title={entry.title} />}>
              <Component />
              <Shown onShown={() => failures.clear(entry.name)} />
            </Suspense>
          </div>
        </div>
        <div className="shell-plugin-overlays">
          <div data-peek-plugin={entry.name} ref={setOverlays} />
        </div>
      </OverlayContainerContext.Provider>
    </PluginHostContext.Provider>
  );
}

/** Calls back when it is shown for the first time, beside a component that is loaded. */
function Shown({ onShown }: { readonly onShown: () => void }): ReactNode {
  // oxlint-disable-next-line react/exhaustive-deps -- Once.
  useEffect(onShown, []);
  return null;
}
