export type {
  HttpContext,
  HttpFilesOptions,
  HttpHandler,
  HttpMethod,
  HttpRouteOptions,
  PluginHttp,
} from "./PluginHttp.ts";
