/**
 * The button for light or dark colours, without a reload.
 *
 *     <form method="post" action="/settings/appearance/" data-theme-form>
 *       <button name="appearance" value="dark" aria-label="Dark colours">…</button>
 *     </form>
 *
 * The server keeps the choice (in a cookie and in the account) and writes `data-theme` on the next page.
 */

type Theme = "light" | "dark";

/** What is on the screen now. */
export function shownTheme(root: HTMLElement): Theme {
  const chosen = root.dataset.theme;
  if (chosen === "light" || chosen === "dark") return chosen;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

function label(form: HTMLFormElement, root: HTMLElement): HTMLButtonElement | null {
  const button = form.querySelector<HTMLButtonElement>("button[name=appearance]");
  if (button) {
    const next = shownTheme(root) === "dark" ? "light" : "dark";
    button.value = next;
    button.setAttribute("aria-label", next === "dark" ? "Dark colours" : "Light colours");
  }
  return button;
}

export function enhanceThemeForms(page: Document): void {
  const root = page.documentElement;
  for (const form of page.querySelectorAll<HTMLFormElement>("form[data-theme-form]")) {
    label(form, root);
    form.addEventListener("submit", (event) => {
      const button = label(form, root);
      if (!button) return;
      event.preventDefault();
      const body = new FormData(form);
      body.set("appearance", button.value);
      root.dataset.theme = button.value;
      label(form, root);
      // Should this fail, the colours are right until the next page: nothing to tell anybody.
      fetch(form.action, { method: "POST", body, redirect: "manual" }).catch(() => undefined);
    });
  }
}
