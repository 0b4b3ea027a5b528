export {
  type CommandContext,
  definePluginWeb,
  type LazyComponent,
  type PluginWeb,
  type PluginWebContext,
} from "./definePluginWeb.ts";
export type { Form, FormField } from "./form/Form.ts";
export type { FormSchema } from "./form/FormSchema.ts";
export { type FormOptions, useForm } from "./form/useForm.ts";
export { PluginLink, type PluginLinkProps } from "./hooks/PluginLink.tsx";
export { useNotifications } from "./hooks/useNotifications.ts";
export { usePageTitle } from "./hooks/usePageTitle.ts";
export { usePluginNavigate } from "./hooks/usePluginNavigate.ts";
export { useRouteParams } from "./hooks/useRouteParams.ts";
export { useUser } from "./hooks/useUser.ts";
export type { NavigateOptions, Notification, WebUser } from "./host/PluginHost.ts";
export { type Locale, useLocale } from "./locale/LocaleProvider.ts";
export { type Format, useFormat } from "./locale/useFormat.ts";
