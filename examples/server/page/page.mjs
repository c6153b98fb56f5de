// The page: what the model is, a form that asks it, and the training as it runs.

import { Chart } from './chart.mjs';
import { Form } from './form.mjs';

const find = (selector) => document.querySelector(selector);
const chart = new Chart(find('#chart'));
const form = new Form(find('form'), find('output'));
const progress = find('#progress');

async function showModel() {
  const response = await fetch('model');
  if (!response.ok) return;
  const { name, version, metrics, schema, history } = await response.json();
  const right =
    metrics === null ? '' : `, right about ${(100 * metrics.accuracy).toFixed(1)} % of ${metrics.rows} rows`;
  find('#model').textContent = `Version ${version} of "${name}" answers${right}.`;
  find('#rollback').disabled = history.length < 2;
  form.show(schema);
}

/** Asks for something, and says why it was refused. */
async function ask(method, url, body) {
  const headers = body === undefined ? {} : { 'content-type': 'application/json' };
  const response = await fetch(url, { method, headers, body: JSON.stringify(body) });
  if (!response.ok) progress.textContent = (await response.json()).message;
}

find('#start').addEventListener('click', () => ask('POST', 'training', {}));
find('#abort').addEventListener('click', () => ask('DELETE', 'training'));
find('#rollback').addEventListener('click', async () => {
  await ask('POST', 'model/rollback');
  await showModel();
});

// The browser reconnects by itself, and the service sends what was missed.
const events = new EventSource('training/events');
const on = (name, listener) => events.addEventListener(name, ({ data }) => listener(JSON.parse(data)));

function showRunning(running) {
  find('#start').disabled = running;
  find('#abort').disabled = !running;
}

on('start', ({ run }) => {
  chart.clear();
  showRunning(true);
  progress.textContent = `Training ${run} has started.`;
});
on('epoch', ({ run, epoch, loss, valLoss }) => {
  chart.add({ epoch, loss, valLoss });
  progress.textContent = `Training ${run}, epoch ${epoch}: loss ${loss.toFixed(4)}`;
});
on('end', ({ run, outcome, version, seconds, message }) => {
  showRunning(false);
  const told = {
    live: `its model is live as version ${version}`,
    candidate: 'its model waits for a swap',
    aborted: 'it was aborted',
    failed: `it has failed: ${message}`,
  };
  progress.textContent = `Training ${run} has ended after ${seconds.toFixed(1)} seconds: ${told[outcome]}.`;
  showModel();
});

showModel();
