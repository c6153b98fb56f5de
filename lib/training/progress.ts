import { argumentError } from '../base/errors';
import {
  type Constraint,
  checkOptions,
  functionValue,
  integerFrom,
  optional,
  positiveInteger,
} from '../base/validate';
import type { EpochReport } from './history';

/** The members of a stream that a progress bar uses, such as process.stderr. */
export interface ProgressStream {
  write(text: string, done?: () => void): unknown;
  /** If the stream emits errors, the bar listens to them while it draws. */
  on?(event: 'error', listener: () => void): unknown;
  off?(event: 'error', listener: () => void): unknown;
  /** Nothing is drawn unless this is true. */
  readonly isTTY?: boolean | undefined;
  /** The terminal's width in characters. @default 80 */
  readonly columns?: number | undefined;
}

export interface ProgressOptions {
  /** The number of epochs of the training. At least 1. */
  readonly epochs: number;
  /** The number of epochs done before, if a training is resumed. From 0 to `epochs`. @default 0 */
  readonly startEpoch?: number;
  /** Where to draw. @default process.stderr */
  readonly stream?: ProgressStream;
  /** The clock, in milliseconds from any start. @default performance.now */
  readonly now?: () => number;
}

/** An epoch's numbers. The bar shows the loss, and accuracy, valLoss, valAccuracy and learningRate if present. */
export interface ProgressReport extends EpochReport {
  readonly valLoss?: number;
  readonly valAccuracy?: number;
  readonly learningRate?: number;
}

export interface ProgressBar {
  /** Shows an epoch, unless less than 100 ms have passed since the last drawing. */
  update(report: ProgressReport): void;
  /** Shows the last epoch and ends the line. Call it also after an error. Further calls do nothing. */
  end(): void;
}

// Milliseconds between two drawings.
const pause = 100;
const [widestBar, narrowestBar] = [30, 8];

const streamConstraint: Constraint = {
  rule: 'a stream with a write method, such as process.stderr',
  accepts: (value) => typeof (value as ProgressStream | null)?.write === 'function',
};

const constraints = {
  epochs: positiveInteger,
  startEpoch: optional(integerFrom(0)),
  stream: optional(streamConstraint),
  now: optional(functionValue),
};

/**
 * Shows the progress of a training in one line of a terminal, which it redraws in place:
 *
 *     epoch  12/100 [===>                          ] loss 0.1234 accuracy 0.953 1 s left 12 ms/epoch
 *
 * The line fits the terminal's width: the bar gets narrower, then the last entries are left out. If the stream is no
 * terminal, nothing is drawn. If the terminal goes away, the bar is dropped, and the training goes on.
 *
 * @throws TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_UNKNOWN_OPTION; RangeError ERR_BLASNET_ARG_VALUE
 */
export function progressBar(options: ProgressOptions): ProgressBar {
  checkOptions('', options, constraints);
  const { epochs, startEpoch = 0, stream = process.stderr, now = () => performance.now() } = options;
  if (startEpoch > epochs) {
    throw argumentError('ERR_BLASNET_ARG_VALUE', 'startEpoch', `at most epochs (${epochs})`, startEpoch);
  }
  const start = now();
  let last: { report: ProgressReport; time: number } | undefined;
  let drawnAt = Number.NEGATIVE_INFINITY;
  let drawnWidth = 0;
  let shown = true;
  let ended = stream.isTTY !== true;

  // A terminal that is gone must not end a training. A stream reports its errors by throwing, or by an event, which
  // would end the process if nobody listened.
  const drop = () => {
    ended = true;
  };
  const write = (text: string, done?: () => void) => {
    try {
      stream.write(text, done);
    } catch {
      drop();
    }
  };
  if (!ended) stream.on?.('error', drop);

  const draw = () => {
    if (last === undefined || shown) return;
    const done = last.report.epoch - startEpoch;
    // The last column stays free: a character there makes some terminals wrap.
    const width = (stream.columns || 80) - 1;
    const line = formatLine(last.report, epochs, done, last.time - start, width);
    write(`\r${line.padEnd(Math.min(drawnWidth, width))}`);
    drawnWidth = line.length;
    shown = true;
  };

  return {
    update(report) {
      if (ended) return;
      const time = now();
      last = { report, time };
      shown = false;
      if (time - drawnAt < pause) return;
      drawnAt = time;
      draw();
    },
    end() {
      if (ended) return;
      ended = true;
      draw();
      // The error of the last text comes before `done`.
      if (last === undefined) stream.off?.('error', drop);
      else write('\n', () => stream.off?.('error', drop));
    },
  };
}

/** The line of an epoch, at most `width` characters long. */
function formatLine(
  report: ProgressReport,
  epochs: number,
  done: number,
  time: number,
  width: number,
): string {
  const { epoch } = report;
  const perEpoch = time / Math.max(done, 1);
  const head = `epoch ${String(epoch).padStart(String(epochs).length)}/${epochs}`;
  // The most important first: the last are left out first.
  const parts = [
    `loss ${formatNumber(report.loss)}`,
    ...entry('accuracy', report.accuracy),
    ...entry('valLoss', report.valLoss),
    ...entry('valAccuracy', report.valAccuracy),
    epoch < epochs ? `${formatTime(perEpoch * (epochs - epoch))} left` : `${formatTime(time)} in all`,
    `${formatTime(perEpoch)}/epoch`,
    ...entry('learningRate', report.learningRate),
  ];
  const textOf = (count: number) => [head, ...parts.slice(0, count)].join(' ');
  let count = parts.length;
  while (count > 1 && textOf(count).length + narrowestBar + 3 > width) count--;
  const bar = Math.min(widestBar, width - textOf(count).length - 3);
  if (bar < narrowestBar) return textOf(1).slice(0, Math.max(width, 0));
  return [head, formatBar(epoch / epochs, bar), ...parts.slice(0, count)].join(' ');
}

function formatBar(share: number, width: number): string {
  const filled = Math.min(width, Math.floor(share * width));
  return `[${filled === width ? '='.repeat(width) : `${'='.repeat(filled)}>`.padEnd(width)}]`;
}

function entry(name: string, value: number | undefined): string[] {
  return value === undefined ? [] : [`${name} ${formatNumber(value)}`];
}

/** Four significant digits. JavaScript adds an exponent only to very large and very small numbers. */
function formatNumber(value: number): string {
  return String(Number(value.toPrecision(4)));
}

function formatTime(milliseconds: number): string {
  if (milliseconds < 1) return `${Math.round(1000 * milliseconds)} us`;
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 60) return `${seconds} s`;
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours > 0 ? `${hours} h ${minutes} min` : `${minutes} min ${seconds % 60} s`;
}
