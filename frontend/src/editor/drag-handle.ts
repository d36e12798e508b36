/** A handle beside the block under the mouse: drag it to move the block, click it to select the block. */
import { Extension } from "@tiptap/core";
import { NodeSelection, Plugin, PluginKey } from "@tiptap/pm/state";
import type { EditorView } from "@tiptap/pm/view";
import { icon } from "../page/icons";

/** With the gap to the text; in a narrow window there is less room beside it, and the handle is as wide as that. */
const HANDLE_WIDTH = 28;
const HANDLE_HEIGHT = 28;

export const DragHandle = Extension.create({
  name: "dragHandle",
  addProseMirrorPlugins() {
    return [new Plugin({ key: new PluginKey("dragHandle"), view: (view) => new HandleView(view) })];
  },
});

class HandleView {
  private readonly handle = document.createElement("button");
  private readonly frame: HTMLElement | null;
  private block: HTMLElement | null = null;
  private readonly stop = new AbortController();

  constructor(private readonly view: EditorView) {
    this.frame = view.dom.parentElement;
    this.handle.type = "button";
    this.handle.className = "drag-handle";
    this.handle.draggable = true;
    this.handle.hidden = true;
    // The keyboard's way is Alt + Shift + Up or Down: one stop per block would be in the way.
    this.handle.tabIndex = -1;
    this.handle.title = "Drag to move; click to select (Alt+Shift+↑ and ↓ move it too)";
    this.handle.setAttribute("aria-label", "Move this block");
    this.handle.append(icon("grip-vertical"));
    this.frame?.append(this.handle);

    const { signal } = this.stop;
    this.frame?.addEventListener("pointermove", (event) => this.onMove(event), { signal });
    this.frame?.addEventListener("pointerleave", () => this.hide(), { signal });
    view.dom.addEventListener("keydown", () => this.hide(), { signal });
    this.handle.addEventListener("click", () => this.select(), { signal });
    this.handle.addEventListener("dragstart", (event) => this.onDragStart(event), { signal });
    this.handle.addEventListener("dragend", () => this.onDragEnd(), { signal });
  }

  update(): void {
    if (this.block && !this.block.isConnected) this.hide();
  }

  destroy(): void {
    this.stop.abort();
    this.handle.remove();
  }

  private onMove(event: PointerEvent): void {
    if (event.pointerType === "touch" || !this.view.editable || event.buttons > 0) return;
    if (event.target instanceof Node && this.handle.contains(event.target)) return;
    const block = this.blockAt(event.clientY);
    if (block === this.block) return;
    this.block = block;
    this.handle.hidden = !block;
    if (!block || !this.frame) return;
    const frame = this.frame.getBoundingClientRect();
    const box = block.getBoundingClientRect();
    const line = Number.parseFloat(getComputedStyle(block).lineHeight) || 28;
    const x = box.left - frame.left - Math.min(HANDLE_WIDTH, box.left);
    const y = box.top - frame.top + (line - HANDLE_HEIGHT) / 2;
    this.handle.style.transform = `translate(${x}px, ${y}px)`;
  }

  /** The top block at this height: found by halving, for a long document has thousands. */
  private blockAt(y: number): HTMLElement | null {
    const { children } = this.view.dom;
    let low = 0;
    let high = children.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const child = children[middle] as HTMLElement;
      const box = child.getBoundingClientRect();
      if (y < box.top) high = middle - 1;
      else if (y > box.bottom) low = middle + 1;
      else return child;
    }
    return null;
  }

  private select(): boolean {
    const pos = this.block?.isConnected ? this.view.posAtDOM(this.block, 0) : -1;
    if (pos < 0) return false;
    const $pos = this.view.state.doc.resolve(pos);
    const start = $pos.depth > 0 ? $pos.before(1) : pos;
    const node = this.view.state.doc.nodeAt(start);
    if (!node || !NodeSelection.isSelectable(node)) return false;
    this.view.dispatch(this.view.state.tr.setSelection(NodeSelection.create(this.view.state.doc, start)));
    this.view.focus();
    return true;
  }

  private onDragStart(event: DragEvent): void {
    if (!this.select() || !event.dataTransfer || !this.block) {
      event.preventDefault();
      return;
    }
    const slice = this.view.state.selection.content();
    const { dom, text } = this.view.serializeForClipboard(slice);
    event.dataTransfer.clearData();
    event.dataTransfer.setData("text/html", dom.innerHTML);
    event.dataTransfer.setData("text/plain", text);
    event.dataTransfer.effectAllowed = "copyMove";
    event.dataTransfer.setDragImage(this.block, 0, 0);
    // As ProseMirror does for its own drags: the drop then removes the selection, wherever it has moved meanwhile.
    this.view.dragging = { slice, move: true };
  }

  private onDragEnd(): void {
    this.view.dragging = null;
    this.hide();
  }

  private hide(): void {
    this.block = null;
    if (!this.handle.hidden) this.handle.hidden = true;
  }
}
