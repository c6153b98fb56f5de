// Checks of an addon's file by its header.

import { Buffer } from 'node:buffer'; // the global may be missing in a test environment
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/**
 * Throws for an ELF file that is cut off, or whose end was never written. The system's loader would map such a file,
 * and a signal would kill the process when it touches the missing part; no `catch` sees this fault. Linkers put the
 * section table last, so a file with that table is complete. The system's loader reports all other faults.
 */
export function checkWhole(file: string): void {
  const descriptor = openSync(file, 'r');
  try {
    const header = read(descriptor, 0, 64);
    // 64-bit, little-endian.
    if (header.length < 64 || header.readUInt32BE(0) !== elfMagic || header.readUInt16BE(4) !== 0x0201)
      return;
    const start = Number(header.readBigUInt64LE(40));
    const entrySize = header.readUInt16LE(58);
    const entries = header.readUInt16LE(60);
    if (start === 0 || entries === 0) return; // the section table was stripped
    const end = start + entrySize * entries;
    const { size } = fstatSync(descriptor);
    if (size < end) throw new Error(`file cut off: it has ${size} of at least ${end} bytes`);
    const last = read(descriptor, end - entrySize, 8);
    if (last.readUInt32LE(4) === 0) throw new Error('file damaged: its end is empty');
  } finally {
    closeSync(descriptor);
  }
}

/** The platform that a file was made for. `arch` is undefined if its number is in no table below. */
export interface FileFormat {
  readonly platform: 'linux' | 'darwin' | 'win32';
  readonly arch: string | undefined;
}

/** The platform of a shared library; undefined for any other file. */
export function formatOf(file: string): FileFormat | undefined {
  const descriptor = openSync(file, 'r');
  try {
    const header = read(descriptor, 0, 64);
    if (header.length < 64) return undefined;
    const magic = header.readUInt32BE(0);
    if (magic === elfMagic) {
      const machine = header[5] === 2 ? header.readUInt16BE(18) : header.readUInt16LE(18);
      return { platform: 'linux', arch: elfMachines[machine] };
    }
    if (magic === 0xcffaedfe) return { platform: 'darwin', arch: machMachines[header.readUInt32LE(4)] };
    if (magic === 0xcafebabe) return { platform: 'darwin', arch: process.arch }; // a universal binary
    if (header.toString('latin1', 0, 2) === 'MZ') {
      const pe = read(descriptor, header.readUInt32LE(60), 6);
      return { platform: 'win32', arch: pe.length < 6 ? undefined : peMachines[pe.readUInt16LE(4)] };
    }
    return undefined;
  } finally {
    closeSync(descriptor);
  }
}

const elfMagic = 0x7f454c46;

// From the numbers in the headers to the names of process.arch.
const elfMachines: Record<number, string> = {
  3: 'ia32',
  8: 'mips',
  21: 'ppc64',
  22: 's390x',
  40: 'arm',
  62: 'x64',
  183: 'arm64',
  243: 'riscv64',
  258: 'loong64',
};
const machMachines: Record<number, string> = { 16777223: 'x64', 16777228: 'arm64' };
const peMachines: Record<number, string> = { 332: 'ia32', 34404: 'x64', 43620: 'arm64' };

function read(descriptor: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  return bytes.subarray(0, readSync(descriptor, bytes, 0, length, position));
}
