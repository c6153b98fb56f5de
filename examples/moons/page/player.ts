const millisecondsPerFrame = 50;
/** Frames between still pictures, for people who asked for less motion. */
const framesPerStill = 20;

/** Handles the play button and the slider. Calls `show` with the frame whenever it changes. */
export function connectPlayer(
  button: HTMLButtonElement,
  slider: HTMLInputElement,
  last: number,
  show: (frame: number) => void,
): void {
  const label = button.querySelector('span') as HTMLSpanElement;
  let playing: number | undefined;

  const play = (): void => {
    const from = slider.valueAsNumber < last ? slider.valueAsNumber : 0;
    const step = matchMedia('(prefers-reduced-motion: reduce)').matches ? framesPerStill : 1;
    const started = performance.now();
    const advance = (now: number): void => {
      const passed = Math.max(0, (now - started) / millisecondsPerFrame);
      move(Math.min(last, from + step * Math.floor(passed / step)));
      if (slider.valueAsNumber < last) playing = requestAnimationFrame(advance);
      else pause();
    };
    setPlaying(requestAnimationFrame(advance));
  };

  const pause = (): void => {
    if (playing !== undefined) cancelAnimationFrame(playing);
    setPlaying(undefined);
  };

  const setPlaying = (request: number | undefined): void => {
    playing = request;
    label.textContent = request === undefined ? 'Play' : 'Pause';
    button.classList.toggle('playing', request !== undefined);
  };

  const move = (frame: number): void => {
    if (frame === slider.valueAsNumber) return;
    slider.valueAsNumber = frame;
    show(frame);
  };

  const toggle = (): void => (playing === undefined ? play() : pause());

  slider.max = String(last);
  slider.valueAsNumber = last;
  slider.addEventListener('input', () => {
    pause();
    show(slider.valueAsNumber);
  });
  slider.addEventListener('keydown', (event) => {
    if (event.key !== ' ') return;
    event.preventDefault();
    toggle();
  });
  button.addEventListener('click', toggle);
}
