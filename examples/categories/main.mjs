// Predicts the rents of flats from two columns of categories (district, heating) and two of numbers (square metres,
// age). Three networks learn: from only the numbers, from codes used as numbers, and from embeddings of the codes.
//
//   npm run example:categories

import { adam, Matrix, Network, preprocessing, RandomState, standardScaler } from 'blasnet';

const districts = 40;
const heatings = 5;
const noise = 30; // euros
const random = new RandomState(1);
const integer = (below) => Math.floor(random.uniform(0, below));

// Codes have no order: the code next to an expensive district may be a cheap one.
const pricePerMetre = Array.from({ length: districts }, () => random.uniform(6, 24));
const extra = Array.from({ length: heatings }, () => random.uniform(-150, 150));

/** Makes a table of flats: numbers (rows, 2), categories (rows, 2), and rents (rows, 1) in thousands of euros. */
function makeTable(rows) {
  const numbers = Matrix.zeros(rows, 2);
  const categories = new Int32Array(2 * rows);
  const rents = Matrix.zeros(rows, 1);
  for (let row = 0; row < rows; row++) {
    const [metres, age] = [random.uniform(20, 120), random.uniform(0, 80)];
    const [district, heating] = [integer(districts), integer(heatings)];
    const rent = metres * pricePerMetre[district] * (1 - age / 200) + extra[heating];
    numbers.row(row).set([metres, age]);
    // The district of some flats is unknown (-1), so that the network learns a row for unknown districts.
    categories.set([row % 50 === 0 ? -1 : district, heating], 2 * row);
    rents.set(row, 0, (rent + random.normal(0, noise)) / 1000);
  }
  return { numbers, categories, rents };
}

/** Returns the table with the codes as two more columns of numbers. */
function asNumbers({ numbers, categories }) {
  return Matrix.from(numbers.toArray().map((row, r) => [...row, categories[2 * r], categories[2 * r + 1]]));
}

const [train, test] = [makeTable(4000), makeTable(1000)];

async function learn(first, inputsOf) {
  const net = new Network(
    [
      { outputDim: 32, activation: 'relu', ...first },
      { outputDim: 32, activation: 'relu', skip: true },
      { outputDim: 1, activation: 'linear' },
    ],
    { seed: 1, preprocessing: preprocessing([standardScaler()]) },
  );
  await net.fit(inputsOf(train), train.rents, { epochs: 40, optimizer: adam({ learningRate: 0.003 }) });
  const { meanAbsoluteError } = await net.evaluate(inputsOf(test), test.rents, {
    metrics: ['meanAbsoluteError'],
  });
  return { net, error: Math.round(1000 * meanAbsoluteError) };
}

const embeddings = [{ categories: districts }, { categories: heatings }];
const mixed = ({ numbers, categories }) => ({ numbers, categories });
const plain = await learn({ inputDim: 2 }, ({ numbers }) => numbers);
const coded = await learn({ inputDim: 4 }, asNumbers);
const embedded = await learn({ inputDim: 2, embeddings }, mixed);

console.log(
  `The networks learn the rents of ${train.rents.rows} flats and predict those of ${test.rents.rows} others.`,
);
console.log('Mean error, in euros per month:');
console.log(`  from the numbers alone           ${plain.error}`);
console.log(`  with the codes as numbers        ${coded.error}`);
console.log(`  with embeddings of the codes     ${embedded.error}`);
console.log(`\n${embedded.net.summary()}\n`);

const flat = { numbers: [[60, 10]], categories: [[-1, 0]] };
console.log(
  `60 square metres in an unknown district: ${Math.round(1000 * embedded.net.predictSync(flat).get(0, 0))}`,
);
