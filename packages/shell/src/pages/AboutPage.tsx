import { type WebCatalogue, webApiVersion } from "@peek/web/protocol";
import type { ReactNode } from "react";
import { useApp } from "../AppServices.ts";
import { useStore } from "../store/useStore.ts";
import { useTexts } from "../texts/useTexts.ts";

/** The versions of the site, of the app and of the plugins. */
export default function AboutPage({ catalogue }: { readonly catalogue: WebCatalogue }): ReactNode {
  const { update, failures } = useApp();
  const texts = useTexts();
  const offline = useStore(update.state);
  const failed = useStore(failures.state);
  const offlineText = {
    insecure: texts.offlineInsecure,
    storing: texts.offlineNotReady,
    ready: texts.offlineReady,
    waiting: texts.appUpdate,
  }[offline];
  return (
    <div className="shell-page">
      <h1>{texts.about}</h1>
      <dl className="shell-facts">
        <dt>{texts.site}</dt>
        <dd>{catalogue.title}</dd>
        <dt>Peek</dt>
        <dd>{catalogue.version}</dd>
        <dt>{texts.webApi}</dt>
        <dd>{webApiVersion}</dd>
        <dt>{texts.offlineStart}</dt>
        <dd>{offlineText}</dd>
      </dl>
      <h2>{texts.plugins}</h2>
      <div className="shell-table-scroll" role="region" aria-label={texts.plugins} tabIndex={0}>
        <table className="shell-table">
          <thead>
            <tr>
              <th scope="col">{texts.plugin}</th>
              <th scope="col">{texts.version}</th>
              <th scope="col">{texts.webApi}</th>
              <th scope="col">{texts.state}</th>
            </tr>
          </thead>
          <tbody>
            {catalogue.plugins.map(({ name, title, version, webApi, state, problem }) => (
              <tr key={name}>
                <th scope="row" dir="auto">
                  {title}
                </th>
                <td>{version}</td>
                <td>{webApi}</td>
                <td>
                  {problem?.message ??
                    failed.get(name)?.message ??
                    (state === "updating" ? texts.updating : texts.running)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}
