/** What reads and writes Markdown, for everything on the page that wants it. */
import { OnDemand } from "./on-demand";

export const markdown = new OnDemand("What reads Markdown", () => import("./markdown"));
