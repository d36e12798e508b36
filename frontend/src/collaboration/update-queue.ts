/** Sends updates as the server can take them: what is too large for one frame in pieces, each when the last is saved. */
import * as decoding from "lib0/decoding";
import * as encoding from "lib0/encoding";
import { UPDATE_PIECE_BYTES } from "../editor/limits";
import { splitUpdate } from "./split-update";

const MESSAGE_SYNC = 0;
const MESSAGE_ACK = 100;
const SYNC_STEP_2 = 1;
const SYNC_UPDATE = 2;
/** Message, kind, length and the two zeros of an update without content. */
const EMPTY_STATE_FRAME_BYTES = 5;

type Frame = Uint8Array<ArrayBuffer>;

export function carriesUpdate(frame: Frame): boolean {
  return frame[0] === MESSAGE_SYNC && (frame[1] === SYNC_STEP_2 || frame[1] === SYNC_UPDATE);
}

/**
 * One connection's frames with updates in them, in order. `sent` is told of each that goes out: whether it ends an answer
 * with everything the server lacked (sync step 2), and whether the server will count it.
 */
export class UpdateQueue {
  private readonly waiting: { frame: Frame; whole: boolean }[] = [];
  private counted = 0;
  private acknowledged = 0;
  /** A large piece is on its way. */
  private isSaving = false;

  constructor(
    private readonly write: (frame: Frame) => void,
    private readonly sent: (whole: boolean, counts: boolean) => void,
  ) {}

  send(frame: Frame): void {
    const whole = frame[1] === SYNC_STEP_2;
    const pieces = piecesOf(frame);
    pieces.forEach((piece, index) => {
      this.waiting.push({ frame: piece, whole: whole && index === pieces.length - 1 });
    });
    this.pump();
  }

  /** Take a look at a message of the server's: an acknowledgement lets the next piece go. */
  hear(data: ArrayBuffer): void {
    const decoder = decoding.createDecoder(new Uint8Array(data));
    if (decoding.readVarUint(decoder) !== MESSAGE_ACK) return;
    decoding.readVarUint(decoder); // position in the document's log
    this.acknowledged = decoding.readVarUint(decoder);
    this.pump();
  }

  /** Small frames go one after the other, a large piece and what follows it when everything before is saved. */
  private pump(): void {
    for (let next = this.waiting[0]; next; next = this.waiting[0]) {
      const { frame, whole } = next;
      const isLarge = frame.length > UPDATE_PIECE_BYTES / 2;
      if ((isLarge || this.isSaving) && this.acknowledged < this.counted) return;
      this.isSaving = isLarge;
      this.waiting.shift();
      this.write(frame);
      const counts = frame.length !== EMPTY_STATE_FRAME_BYTES;
      this.counted += Number(counts);
      this.sent(whole, counts);
    }
  }
}

function piecesOf(frame: Frame): Frame[] {
  if (frame.length <= UPDATE_PIECE_BYTES) return [frame];
  const decoder = decoding.createDecoder(frame);
  decoding.readVarUint(decoder);
  decoding.readVarUint(decoder);
  return splitUpdate(decoding.readVarUint8Array(decoder), UPDATE_PIECE_BYTES).map((piece) => {
    const encoder = encoding.createEncoder();
    encoding.writeVarUint(encoder, MESSAGE_SYNC);
    encoding.writeVarUint(encoder, SYNC_UPDATE);
    encoding.writeVarUint8Array(encoder, piece);
    return encoding.toUint8Array(encoder) as Frame;
  });
}
