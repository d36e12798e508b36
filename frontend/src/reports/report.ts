/** "Report…": the dialog is loaded when somebody opens it. */
import { OnDemand } from "../editor/on-demand";

const dialog = new OnDemand("The form for reports", () => import("./dialog"));

export async function reportGeneration(id: string): Promise<void> {
  const { openReport } = await dialog.wanted();
  openReport("Report this answer", `/api/v1/generations/${encodeURIComponent(id)}/reports`);
}

export async function reportDocument(id: string): Promise<void> {
  const { openReport } = await dialog.wanted();
  openReport("Report this document", `/api/v1/documents/${encodeURIComponent(id)}/reports`);
}
