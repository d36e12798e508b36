/** A button that is pressed or not. */
export function bindSwitch(
  button: HTMLElement,
  { on, change }: { on: boolean; change(on: boolean): void },
): void {
  let state = on;
  const show = () => button.setAttribute("aria-pressed", String(state));
  show();
  change(state);
  button.addEventListener("click", () => {
    state = !state;
    show();
    change(state);
  });
}
