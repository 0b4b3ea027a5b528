import type { ObservedService } from "@peek/platform";

/** A line for each service whose config.json enables other plugins than it runs. */
export function driftLines(observed: readonly ObservedService[]): readonly string[] {
  return observed.flatMap(({ peer, status }) => {
    if (status?.drift === undefined) return [];
    const { enable, disable, problem } = status.drift;
    if (problem !== undefined) return [`${peer.instance}: the next start fails: ${problem.replaceAll(/\s+/g, " ")}`];
    const changes = [...listed("enables", enable), ...listed("no longer enables", disable)].join(", and ");
    return [`${peer.instance}: config.json ${changes}. Run peek plugin apply, or restart the service`];
  });
}

function listed(verb: string, plugins: readonly { readonly name: string }[]): readonly string[] {
  return plugins.length === 0 ? [] : [`${verb} ${plugins.map(({ name }) => name).join(", ")}`];
}
