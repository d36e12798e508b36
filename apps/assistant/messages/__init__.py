"""Every frame of the assistant socket, both ways. TypeScript: `frontend/src/assistant/messages.ts` (`make types`)."""
