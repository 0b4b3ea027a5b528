export { type Locale, LocaleProvider, type LocaleProviderProps, useLocale } from "../locale/LocaleProvider.ts";
export { Icon, type IconProps } from "../ui/Icon.tsx";
export { OverlayContainerContext } from "./OverlayContainerContext.ts";
export type { NavigateOptions, Notification, PluginHost, WebUser } from "./PluginHost.ts";
export { PluginHostContext } from "./PluginHostContext.ts";
