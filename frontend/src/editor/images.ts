/** Pictures by paste, drop or menu: scaled to fit one update of the shared document, kept in it as data. */
import type { Editor } from "@tiptap/core";
import { Extension } from "@tiptap/core";
import { Plugin, PluginKey } from "@tiptap/pm/state";
import { notify } from "./announce";
import { IMAGE_FILE_MAX_BYTES, IMAGE_MAX_CHARACTERS, IMAGE_MAX_PIXELS } from "./limits";
import { IMAGE_SOURCE } from "./schema";

const ACCEPTED = "image/png,image/jpeg,image/gif,image/webp,image/avif";
const QUALITIES = [0.85, 0.7, 0.5];
const SCALES = [1, 0.7, 0.5, 0.35];

interface Room {
  /** Whether so much more fits into what waits for a connection. */
  hasRoomFor(bytes: number): boolean;
}

declare module "@tiptap/core" {
  interface Storage {
    images: Room;
  }
}

export const Images = Extension.create<Room, Room>({
  name: "images",
  addOptions: () => ({ hasRoomFor: () => true }),
  addStorage() {
    return { hasRoomFor: this.options.hasRoomFor };
  },
  addProseMirrorPlugins() {
    const editor = this.editor as Editor;
    return [
      new Plugin({
        key: new PluginKey("images"),
        props: {
          handlePaste(_view, event) {
            // Word and Docs put a picture of the text beside the text: then the text is meant. A picture copied from a
            // page comes with HTML that has no words.
            if (hasWords(event.clipboardData?.getData("text/html") ?? "")) return false;
            return insertImages(editor, event.clipboardData?.files);
          },
          handleDrop(view, event, _slice, moved) {
            if (moved) return false;
            const pos = view.posAtCoords({ left: event.clientX, top: event.clientY })?.pos;
            return insertImages(editor, event.dataTransfer?.files, pos);
          },
        },
      }),
    ];
  },
});

function hasWords(html: string): boolean {
  return new DOMParser().parseFromString(html, "text/html").body.textContent?.trim() !== "";
}

/** Let somebody pick pictures, and insert them at the caret. */
export function chooseImages(editor: Editor): void {
  const input = document.createElement("input");
  input.type = "file";
  input.accept = ACCEPTED;
  input.multiple = true;
  input.addEventListener("change", () => insertImages(editor, input.files));
  input.click();
}

function insertImages(editor: Editor, files: FileList | null | undefined, pos?: number): boolean {
  const images = [...(files ?? [])].filter((file) => file.type.startsWith("image/"));
  if (images.length === 0 || !editor.isEditable) return false;
  insertInOrder(editor, images, pos);
  return true;
}

async function insertInOrder(editor: Editor, files: File[], pos?: number): Promise<void> {
  for (const file of files) {
    const src = await imageData(file).catch(() => null);
    if (editor.isDestroyed) return;
    if (!src) {
      notify(`“${file.name}” could not be inserted: it is not a picture we can read, or too large.`);
      continue;
    }
    if (!editor.storage.images.hasRoomFor(src.length)) {
      notify("No more pictures fit while you are offline. Add them when the connection is back.");
      return;
    }
    const at = Math.min(pos ?? editor.state.selection.to, editor.state.doc.content.size);
    editor
      .chain()
      .insertContentAt(at, { type: "image", attrs: { src, alt: altText(file.name) } })
      .run();
  }
}

/** A file's name is often the only description there is; camera names describe nothing. */
function altText(fileName: string): string {
  const name = fileName
    .replace(/\.[a-z0-9]+$/i, "")
    .replace(/[_-]+/g, " ")
    .trim();
  return /^(image|img|dsc|screenshot|pasted)?[\s\d.]*$/i.test(name) ? "" : name;
}

/** Return a data URL below the limit, scaled down as far as needed; null when the file is no picture or too large. */
async function imageData(file: File): Promise<string | null> {
  if (file.size > IMAGE_FILE_MAX_BYTES) return null;
  const fits = file.size * (4 / 3) < IMAGE_MAX_CHARACTERS - 100;
  if (fits && ACCEPTED.split(",").includes(file.type)) {
    const data = await readDataUrl(file);
    return IMAGE_SOURCE.test(data) ? data : null;
  }
  const bitmap = await createImageBitmap(file);
  const fit = Math.min(1, IMAGE_MAX_PIXELS / Math.max(bitmap.width, bitmap.height));
  for (const scale of SCALES) {
    for (const quality of QUALITIES) {
      const data = drawScaled(bitmap, fit * scale, quality);
      if (data.length <= IMAGE_MAX_CHARACTERS && IMAGE_SOURCE.test(data)) return data;
    }
  }
  return null;
}

function drawScaled(bitmap: ImageBitmap, scale: number, quality: number): string {
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  canvas.getContext("2d")?.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL("image/webp", quality);
}

function readDataUrl(file: File): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
}
