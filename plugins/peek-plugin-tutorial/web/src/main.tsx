import { connect } from "@peek/client";
import { PeekProvider } from "@peek/client/react";
import { createRoot } from "react-dom/client";
import { addOptimisticUpdates } from "./addOptimisticUpdates.ts";
import "./page.css";
import { Page } from "./Page.tsx";

const client = connect();
addOptimisticUpdates(client);

const element = document.getElementById("page");
if (element === null) throw new Error("index.html has no element with the id page");
createRoot(element).render(
  <PeekProvider client={client}>
    <Page />
  </PeekProvider>,
);
