import type { Hdf5Bytes } from './bytes';

/** A message of an object: one of its properties. */
export interface Message {
  readonly type: number;
  /** Its byte in the file. */
  readonly at: number;
  readonly size: number;
}

/** The types of messages that are read. */
export const messageTypes = {
  shape: 0x01,
  linkInfo: 0x02,
  type: 0x03,
  link: 0x06,
  layout: 0x08,
  filters: 0x0b,
  attribute: 0x0c,
  continuation: 0x10,
  symbols: 0x11,
  attributeInfo: 0x15,
} as const;

interface Block {
  readonly at: number;
  readonly end: number;
}

/** The messages of the object whose header is at this address, in either version of the format. */
export function readMessages(bytes: Hdf5Bytes, at: number, place: string): Message[] {
  bytes.enter(at, place);
  const isNew = bytes.part(at, 4, place).toString('latin1') === 'OHDR';
  const { first, width, overhead } = isNew ? newHeader(bytes, at, place) : oldHeader(bytes, at, place);
  const messages: Message[] = [];
  const blocks: Block[] = [first];
  for (let next = blocks.pop(); next !== undefined; next = blocks.pop()) {
    for (let start = next.at; start + width <= next.end; ) {
      const message = isNew ? newMessage(bytes, start, width, place) : oldMessage(bytes, start, place);
      if (message.at + message.size > next.end) {
        throw bytes.error(`a message of ${place}`, 'within its header', `${message.size} bytes`);
      }
      start = message.at + message.size;
      if (message.type !== messageTypes.continuation) messages.push(message);
      else blocks.push(continued(bytes, message, overhead, place));
    }
  }
  return messages;
}

interface Header {
  readonly first: Block;
  /** The bytes before the content of a message. */
  readonly width: number;
  /** The bytes of a continued block that are no messages: before and after them. */
  readonly overhead: readonly [before: number, after: number];
}

function oldHeader(bytes: Hdf5Bytes, at: number, place: string): Header {
  const version = bytes.number(at, 1, place);
  if (version !== 1) throw bytes.error(`the header of ${place}`, 'version 1 or 2 of the format', version);
  const start = at + 16;
  const end = start + bytes.number(at + 8, 4, place);
  return { first: { at: start, end }, width: 8, overhead: [0, 0] };
}

function newHeader(bytes: Hdf5Bytes, at: number, place: string): Header {
  const version = bytes.number(at + 4, 1, place);
  if (version !== 2) throw bytes.error(`the header of ${place}`, 'version 1 or 2 of the format', version);
  const flags = bytes.number(at + 5, 1, place);
  // Times, and limits of the number of attributes, may come first.
  const sizeAt = at + 6 + ((flags & 0x20) === 0 ? 0 : 16) + ((flags & 0x10) === 0 ? 0 : 4);
  const sizeBytes = 2 ** (flags & 3);
  const size =
    sizeBytes === 8 ? bytes.length(sizeAt, place) : bytes.number(sizeAt, sizeBytes as 1 | 2 | 4, place);
  const start = sizeAt + sizeBytes;
  const width = (flags & 4) === 0 ? 4 : 6;
  return { first: { at: start, end: start + size }, width, overhead: [4, 4] };
}

function oldMessage(bytes: Hdf5Bytes, at: number, place: string): Message {
  return checked(bytes, place, bytes.number(at + 4, 1, place), {
    type: bytes.number(at, 2, place),
    at: at + 8,
    size: bytes.number(at + 2, 2, place),
  });
}

function newMessage(bytes: Hdf5Bytes, at: number, width: number, place: string): Message {
  return checked(bytes, place, bytes.number(at + 3, 1, place), {
    type: bytes.number(at, 1, place),
    at: at + width,
    size: bytes.number(at + 1, 2, place),
  });
}

const known = new Set<number>(Object.values(messageTypes));

function checked(bytes: Hdf5Bytes, place: string, flags: number, message: Message): Message {
  // The content then is the place of another object, which has it.
  if ((flags & 2) !== 0 && known.has(message.type)) {
    throw bytes.error(`a message of ${place}`, 'its own', 'one that objects share');
  }
  return message;
}

function continued(bytes: Hdf5Bytes, { at }: Message, [before, after]: Header['overhead'], place: string) {
  const start = bytes.address(at, place);
  const length = bytes.length(at + 8, place);
  if (start === undefined) throw bytes.error(`a message of ${place}`, 'one with an address', 'none');
  bytes.enter(start, place);
  if (before > 0) bytes.expect(start, 'OCHK', place);
  return { at: start + before, end: start + length - after };
}
