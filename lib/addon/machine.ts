// Describes the machine and the runtime of this process, for the error when the addon cannot be loaded.

import { existsSync, readdirSync } from 'node:fs';

export interface Machine {
  readonly platform: string;
  readonly arch: string;
  /** Only on Linux. */
  readonly libc: 'glibc' | 'musl' | undefined;
  readonly libcVersion: string | undefined;
  /** Name and version. */
  readonly runtime: string;
}

export function thisMachine(): Machine {
  const { platform, arch } = process;
  return { platform, arch, ...cLibrary(), runtime: runtime() };
}

/** `linux-x64, glibc 2.36, Node 20.20.2` */
export function describeMachine({ platform, arch, libc, libcVersion, runtime }: Machine): string {
  const library = libc === undefined ? [] : [libcVersion === undefined ? libc : `${libc} ${libcVersion}`];
  return [`${platform}-${arch}`, ...library, runtime].join(', ');
}

function cLibrary(): Pick<Machine, 'libc' | 'libcVersion'> {
  if (process.platform !== 'linux') return { libc: undefined, libcVersion: undefined };
  const version = glibcVersion();
  // A glibc system may have musl's loader, too.
  const musl = version === undefined && (existsSync('/etc/alpine-release') || hasMuslLoader());
  // Deno reports the glibc that it was compiled for, not the one that it runs on.
  return { libc: musl ? 'musl' : 'glibc', libcVersion: 'deno' in process.versions ? undefined : version };
}

function hasMuslLoader(): boolean {
  try {
    return readdirSync('/lib').some((name) => name.startsWith('ld-musl-'));
  } catch {
    return false;
  }
}

function glibcVersion(): string | undefined {
  try {
    const report = process.report as typeof process.report & { excludeNetwork?: boolean };
    const { excludeNetwork } = report;
    // Otherwise the report looks up the names of all connected hosts.
    report.excludeNetwork = true;
    const { header } = report.getReport() as unknown as { header: { glibcVersionRuntime?: string } };
    report.excludeNetwork = excludeNetwork as boolean;
    return header.glibcVersionRuntime;
  } catch {
    return undefined; // the runtime has no report, or forbids it
  }
}

function runtime(): string {
  const { versions } = process;
  for (const [key, name] of [
    ['electron', 'Electron'],
    ['bun', 'Bun'],
    ['deno', 'Deno'],
  ] as const) {
    if (versions[key] !== undefined) return `${name} ${versions[key]}`;
  }
  return `Node ${versions.node}`;
}
