// A form with a field for each column that the model reads.

export class Form {
  #form;
  #output;
  #columns = [];

  constructor(form, output) {
    this.#form = form;
    this.#output = output;
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#answer();
    });
  }

  /** Makes the fields from the model's schema, unless they are there. */
  show({ columns, target }) {
    const inputs = columns.filter(({ name }) => !target.includes(name));
    if (JSON.stringify(inputs.map(namedKind)) === JSON.stringify(this.#columns.map(namedKind))) return;
    this.#columns = inputs;
    this.#form.querySelector('.fields').replaceChildren(...inputs.map(fieldOf));
  }

  async #answer() {
    const record = Object.fromEntries(this.#columns.map((column) => [column.name, this.#valueOf(column)]));
    const response = await fetch('probabilities', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(record),
    });
    const answer = await response.json();
    if (response.ok) this.#output.replaceChildren(...barsOf(answer));
    else this.#output.textContent = answer.message;
  }

  #valueOf({ name, kind }) {
    const { value } = this.#form.elements[name];
    if (value === '') return null;
    if (kind === 'number') return Number(value);
    return kind === 'boolean' ? value === 'true' : value;
  }
}

const namedKind = ({ name, kind }) => [name, kind];

function fieldOf({ name, kind, categories, least, greatest, missing }) {
  const label = document.createElement('label');
  const options = kind === 'boolean' ? ['true', 'false'] : categories;
  const field = document.createElement(options === undefined ? 'input' : 'select');
  field.name = name;
  if (options === undefined) {
    if (kind === 'number')
      Object.assign(field, { type: 'number', step: 'any', placeholder: `${least} to ${greatest}` });
    // Something in the middle, so that the form can be sent as it is.
    if (kind === 'number') field.value = Math.round((least + greatest) / 2);
    field.required = missing === 0;
  } else {
    const gap = missing === 0 ? [] : [''];
    for (const text of [...options, ...gap]) field.append(new Option(text, text));
  }
  label.append(name, field);
  return label;
}

function barsOf({ probabilities, version }) {
  const note = document.createElement('p');
  note.className = 'note';
  note.textContent = `Version ${version} has answered.`;
  const bars = Object.entries(probabilities)
    .sort(([, a], [, b]) => b - a)
    .map(([name, share]) => {
      const row = document.createElement('label');
      row.className = 'share';
      const meter = Object.assign(document.createElement('meter'), { max: 1, value: share });
      row.append(`${name}: ${(100 * share).toFixed(1)} %`, meter);
      return row;
    });
  return [...bars, note];
}
