import type { WriteStream } from 'node:tty';
import * as format from './format';

/** The numbers of an epoch. With binary cross-entropy, the loss of this network, the accuracy is always known. */
export interface Epoch {
  readonly epoch: number;
  readonly loss: number;
  readonly accuracy: number;
}

/** Shows the progress of a training; `end` restores the terminal. */
export interface Progress {
  update(report: Epoch): void;
  end(): void;
}

/** Draws a bar on a terminal; elsewhere it writes ten plain lines per training. */
export function progress(stream: WriteStream, name: string, epochs: number): Progress {
  return stream.isTTY && process.env.TERM !== 'dumb'
    ? bar(stream, name, epochs)
    : lines(stream, name, epochs);
}

const clearLine = '\r\x1b[K';
const millisecondsBetweenDraws = 50;
const shortestBar = 4;

// The cursor stays visible and the line is rewritten in place, so nothing has to be restored when the process ends.
function bar(stream: WriteStream, name: string, epochs: number): Progress {
  const started = performance.now();
  let drawn = Number.NEGATIVE_INFINITY;
  return {
    update(report) {
      const now = performance.now();
      if (now - drawn < millisecondsBetweenDraws && report.epoch < epochs) return;
      drawn = now;
      const text = `  ${status(report, epochs)}  ${timeLeft(now - started, report.epoch, epochs)}`;
      // If a terminal does not know its size, columns is 0.
      const room = (stream.columns || 80) - 1;
      const length = Math.min(32, room - name.length - 2 - text.length);
      const line =
        length < shortestBar
          ? `${name}${text}`.slice(0, room)
          : `${name}  ${drawBar(report.epoch / epochs, length, stream.hasColors())}${text}`;
      stream.write(clearLine + line);
    },
    end() {
      stream.write('\n');
    },
  };
}

function drawBar(share: number, length: number, colors: boolean): string {
  const full = Math.round(share * length);
  const done = '━'.repeat(full);
  return colors
    ? `\x1b[36m${done}\x1b[90m${'━'.repeat(length - full)}\x1b[39m`
    : done + '·'.repeat(length - full);
}

function lines(stream: WriteStream, name: string, epochs: number): Progress {
  const started = performance.now();
  const every = Math.ceil(epochs / 10);
  return {
    update(report) {
      if (report.epoch % every !== 0 && report.epoch !== epochs) return;
      const left = timeLeft(performance.now() - started, report.epoch, epochs);
      stream.write(`${name}  ${status(report, epochs)}  ${left}\n`);
    },
    end() {},
  };
}

function status({ epoch, loss, accuracy }: Epoch, epochs: number): string {
  const total = format.count(epochs);
  const done = format.count(epoch).padStart(total.length);
  return `${done}/${total}  cost ${format.cost(loss)}  accuracy ${format.percent(accuracy)}`;
}

function timeLeft(elapsed: number, epoch: number, epochs: number): string {
  const left = Math.ceil((elapsed / 1000 / epoch) * (epochs - epoch));
  if (epoch === epochs) return 'done';
  return left < 60 ? `${left} s left` : `${Math.floor(left / 60)} min ${left % 60} s left`;
}
