/** "Report…": the dialog is loaded when somebody opens it. */
export async function reportGeneration(id: string): Promise<void> {
  const { openReport } = await import("./dialog");
  openReport("Report this answer", `/api/v1/generations/${encodeURIComponent(id)}/reports`);
}

export async function reportDocument(id: string): Promise<void> {
  const { openReport } = await import("./dialog");
  openReport("Report this document", `/api/v1/documents/${encodeURIComponent(id)}/reports`);
}
