import { connect } from "@peek/client";
import { PeekProvider } from "@peek/client/react";
import { createRoot } from "react-dom/client";
import { expectChanges } from "./expectChanges.ts";
import "./page.css";
import { Page } from "./Page.tsx";

const client = connect();
expectChanges(client);

const element = document.getElementById("page");
if (element === null) throw new Error("The page has no element with the id page");
createRoot(element).render(
  <PeekProvider client={client}>
    <Page />
  </PeekProvider>,
);
