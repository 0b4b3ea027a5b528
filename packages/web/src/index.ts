export {
  type CommandContext,
  definePluginWeb,
  type LazyComponent,
  type PluginWeb,
  type PluginWebContext,
} from "./definePluginWeb.ts";
