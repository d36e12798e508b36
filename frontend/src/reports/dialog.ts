/** The dialog with which somebody has reviewers look at something: a reason, a note, and word that it was sent. */
import { call, Problem } from "../documents/api";
import { announce } from "../editor/announce";
import { openDialog } from "../editor/dialog";
import { make, makeButton } from "../page/elements";
import "./reports.css";

const REASONS = [
  ["harmful", "Harmful or dangerous"],
  ["hate", "Hateful or harassing"],
  ["sexual", "Sexual"],
  ["private", "Somebody’s personal data"],
  ["false", "False or misleading"],
  ["rights", "Somebody else’s work"],
  ["other", "Something else"],
] as const;
const NOTE_MAX_CHARACTERS = 1_000;
const REPORTS = "/settings/reports/";

/** `path`: where the report is sent to. */
export function openReport(heading: string, path: string): void {
  const dialog = openDialog(heading);
  const reasons = make("fieldset", "report-reasons", make("legend", "", "What is wrong with it?"));
  for (const [value, label] of REASONS) {
    const radio = make("input", "");
    radio.type = "radio";
    radio.name = "reason";
    radio.value = value;
    radio.required = true;
    reasons.append(make("label", "report-reason", radio, label));
  }
  const note = make("textarea", "");
  note.rows = 3;
  note.maxLength = NOTE_MAX_CHARACTERS;
  const problem = make("p", "problem");
  problem.setAttribute("role", "alert");
  const send = makeButton("Send the report", () => {}, { kind: "primary" });
  send.type = "submit";
  const form = make(
    "form",
    "report-form",
    reasons,
    make("label", "report-note", "What reviewers should know (optional)", note),
    make(
      "p",
      "report-aside",
      "Reviewers see what you report and who you are. Nobody else learns that it was you.",
    ),
    problem,
    make("div", "dialog-actions", makeButton("Cancel", dialog.close), send),
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const reason = new FormData(form).get("reason");
    send.disabled = true;
    problem.textContent = "";
    try {
      await call("POST", path, { reason, note: note.value });
      showSent(dialog.body, dialog.close);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      problem.textContent = error.message;
      send.disabled = false;
    }
  });
  dialog.body.append(form);
  form.querySelector("input")?.focus();
}

function showSent(body: HTMLElement, close: () => void): void {
  const words = "Your report was sent. A reviewer looks at it.";
  const link = make("a", "", "your reports");
  link.href = REPORTS;
  link.target = "_blank";
  link.rel = "noopener";
  const done = makeButton("Done", close, { kind: "primary" });
  body.replaceChildren(
    make("p", "", words),
    make("p", "", "What becomes of it is told under ", link, ", in the settings."),
    make("div", "dialog-actions", done),
  );
  announce(words);
  done.focus();
}
