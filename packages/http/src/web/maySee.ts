import type { PeekUser } from "@peek/plugin-base";
import type { WebSection } from "@peek/plugin-base/manifest";

/** The parts of a section that decide who sees the plugin. */
export interface WebAudience {
  readonly groups?: readonly string[] | undefined;
  readonly routes: readonly { readonly groups?: readonly string[] | undefined }[];
}

/** Who sees a plugin, without the rest of its section. */
export function audienceOf({ groups, routes }: WebSection): WebAudience {
  return { groups, routes: routes.map(({ groups }) => ({ groups })) };
}

/** Whether a user is in one of the groups of a part. A part without groups is for all users. */
export function isInGroups(
  { groups }: { readonly groups?: readonly string[] | undefined },
  user: Pick<PeekUser, "groups">,
): boolean {
  return groups === undefined || groups.some((group) => user.groups.includes(group));
}

/** Whether a user may see a plugin and load its module: the plugin and one of its routes at least are for the user's groups. */
export function maySee(audience: WebAudience, user: Pick<PeekUser, "groups">): boolean {
  return isInGroups(audience, user) && audience.routes.some((route) => isInGroups(route, user));
}
