/**
 * Menus made of `<details data-menu>`: Escape, a click elsewhere and leaving by Tab close them.
 */

export function enhanceMenus(page: Document): void {
  const open = () => page.querySelectorAll<HTMLDetailsElement>("details[data-menu][open]");
  page.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of open()) {
      const inside = menu.contains(page.activeElement);
      menu.open = false;
      if (inside) menu.querySelector("summary")?.focus();
    }
  });
  const closeOthers = (event: Event) => {
    for (const menu of open()) if (!menu.contains(event.target as Node)) menu.open = false;
  };
  page.addEventListener("click", closeOthers);
  page.addEventListener("focusin", closeOthers);
}
