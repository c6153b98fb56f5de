// A thread of the pool. Each request brings the handle of the model that is to answer it.

import { Classifier } from 'blasnet/tables';

// The models that this thread has attached, by the name of their memory. The last two are kept: when a model is swapped,
// requests to the old one may still be on their way.
const attached = new Map();

function modelOf(handle) {
  const { id } = handle.networks[0];
  let model = attached.get(id);
  if (model === undefined) {
    model = Classifier.attach(handle); // no copy of the parameters
    attached.set(id, model);
    if (attached.size > 2) attached.delete(attached.keys().next().value);
  }
  return model;
}

/** Returns the probability of "bad" for each record. */
export default function answer({ handle, records }) {
  const model = modelOf(handle);
  return records.map((record) => model.probabilities(record).bad);
}
