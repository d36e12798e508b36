/** The share dialog: who may do what in this document. For owners. */
import { announce } from "../editor/announce";
import { openDialog } from "../editor/dialog";
import { call, refusalOf } from "./api";
import { linksSection } from "./share-links";
import { copyButton, item, option, ROLES, removeButton, roleSelect } from "./share-parts";

const TEAMS = "/api/v1/teams/";

interface Member {
  id: string;
  name: string;
  email: string;
  role: string;
  you: boolean;
}

interface Invitation {
  email: string;
  role: string;
  /** Where it can be accepted: to hand over where no mail is sent. */
  link?: string;
}

interface Team {
  id: string;
  name: string;
}

export interface Members {
  members: Member[];
  invitations: Invitation[];
  /** Whose people all have access, with at least this role. */
  team: (Team & { role: string }) | null;
}

/** Open the dialog over the members resource at `path` (ending in `members/`). `more`: shown below it. */
export function openShare(path: string, more: readonly HTMLElement[] = []): void {
  const { body } = openDialog("Share");
  new ShareDialog(body, path).load();
  body.append(linksSection(path.replace(/members\/$/, "links/")), ...more);
}

class ShareDialog {
  private readonly list = document.createElement("ul");
  private readonly problem = document.createElement("p");
  private readonly form = document.createElement("form");
  private readonly email = document.createElement("input");
  private readonly role = roleSelect("editor", "Role of the new person");
  private readonly team = document.createElement("select");
  private readonly documentPath: string;

  constructor(
    body: HTMLElement,
    private readonly path: string,
  ) {
    this.list.className = "members";
    this.problem.className = "problem";
    this.problem.setAttribute("role", "alert");
    this.documentPath = this.path.replace(/members\/$/, "");
    this.buildForm();
    this.buildTeam();
    body.append(this.form, this.team, this.problem, this.list);
  }

  async load(): Promise<void> {
    this.list.setAttribute("aria-busy", "true");
    const words = this.problem.textContent;
    const done = await this.attempt(async () => {
      const [people, teams] = await Promise.all([
        call<Members>("GET", this.path),
        call<{ items: Team[] }>("GET", TEAMS),
      ]);
      this.draw(people);
      this.offer(people.team ? [] : teams.items);
    });
    if (done) this.problem.textContent = words; // of the action before, which this shows the result of
    this.list.removeAttribute("aria-busy");
  }

  private buildForm(): void {
    this.form.className = "share-form";
    this.form.noValidate = true;
    this.email.type = "email";
    this.email.placeholder = "name@example.org";
    this.email.autocomplete = "off";
    this.email.setAttribute("aria-label", "E-mail address");
    const invite = document.createElement("button");
    invite.className = "button button-primary";
    invite.textContent = "Invite";
    this.form.append(this.email, this.role, invite);
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.invite();
    });
  }

  private async invite(): Promise<void> {
    const email = this.email.value.trim();
    if (!email) {
      this.problem.textContent = "Write the e-mail address of the person to invite.";
      this.email.focus();
      return;
    }
    const done = await this.attempt(() => call("POST", this.path, { email, role: this.role.value }));
    if (!done) return;
    this.email.value = "";
    announce(`${email} was invited.`);
    await this.load();
    this.email.focus();
  }

  private buildTeam(): void {
    this.team.className = "share-team";
    this.team.hidden = true;
    this.team.setAttribute("aria-label", "Share with a team");
    this.team.addEventListener("change", () => this.shareWithTeam());
  }

  /** A document belongs to one team at most. */
  private offer(teams: Team[]): void {
    const none = option("", "Share with a team…");
    this.team.replaceChildren(none, ...teams.map(({ id, name }) => option(id, name)));
    this.team.hidden = teams.length === 0;
  }

  private async shareWithTeam(): Promise<void> {
    const name = this.team.selectedOptions[0]?.textContent ?? "";
    const done = await this.attempt(() => call("PATCH", this.documentPath, { team: this.team.value }));
    if (done) announce(`Everybody in ${name} can edit this document now.`);
    await this.load();
    this.list.querySelector("select")?.focus();
  }

  private teamItem({ name, role }: Team & { role: string }): HTMLElement {
    const select = roleSelect(role, `Role of everybody in ${name}`, "owner");
    select.addEventListener("change", async () => {
      const done = await this.attempt(() => call("PATCH", this.documentPath, { team_role: select.value }));
      if (done) announce(`Everybody in ${name} is now ${select.value}.`);
      await this.load();
    });
    const remove = removeButton(`Stop sharing with ${name}`, async () => {
      const done = await this.attempt(() => call("PATCH", this.documentPath, { team: null }));
      if (done) announce(`This document is not shared with ${name} any more.`);
      await this.load();
      this.email.focus();
    });
    return item(name, "Everybody in this team", select, remove);
  }

  private draw({ members, invitations, team }: Members): void {
    this.list.replaceChildren(
      ...(team ? [this.teamItem(team)] : []),
      ...members.map((member) => this.memberItem(member)),
      ...invitations.map((invitation) => this.invitationItem(invitation)),
    );
  }

  private memberItem(member: Member): HTMLElement {
    const path = `${this.path}${member.id}/`;
    const select = roleSelect(member.role, `Role of ${member.name}`);
    select.addEventListener("change", async () => {
      const done = await this.attempt(() => call("PATCH", path, { role: select.value }));
      if (done) announce(`${member.name} is now ${select.value}.`);
      await this.reload(member.you);
    });
    const remove = removeButton(`Remove ${member.name}`, async () => {
      const done = await this.attempt(() => call("DELETE", path));
      if (done) announce(`${member.name} was removed.`);
      await this.reload(member.you);
    });
    return item(member.you ? `${member.name} (you)` : member.name, member.email, select, remove);
  }

  private invitationItem({ email, role, link }: Invitation): HTMLElement {
    const label = ROLES.find(({ value }) => value === role)?.label ?? role;
    const path = `${this.path.replace(/members\/$/, "invitations/")}${encodeURIComponent(email)}/`;
    const withdraw = removeButton(`Withdraw the invitation of ${email}`, async () => {
      const done = await this.attempt(() => call("DELETE", path));
      if (done) announce(`The invitation of ${email} was withdrawn.`);
      await this.load();
    });
    const copy = link ? copyButton("Copy link", link, this.couldNotCopy) : document.createElement("span");
    return item(email, `Invited as ${label.toLowerCase()}, has not joined yet`, copy, withdraw);
  }

  private readonly couldNotCopy = (link: string) => {
    this.problem.textContent = `The link could not be copied. It is: ${link}`;
  };

  /** After a change to oneself the page may not be ours any more. */
  private async reload(self: boolean): Promise<void> {
    if (self && this.problem.textContent === "") location.reload();
    else await this.load();
  }

  /** Run it, and show what went wrong in words. Return whether it worked. */
  private async attempt(run: () => Promise<unknown>): Promise<boolean> {
    this.problem.textContent = "";
    const why = await refusalOf(run);
    if (why) this.problem.textContent = why;
    return why === "";
  }
}
