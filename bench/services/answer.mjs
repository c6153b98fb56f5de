// Loads a library and its model, predicts one row, and prints the outputs as JSON.
//
//   node answer.mjs '{"library": ..., "folder": ..., "sizes": [...], "row": [...]}'
//
// Without a library, it prints {}.

import { openModel } from './models.mjs';

const { library, row, ...files } = JSON.parse(process.argv[2] ?? '');
if (library === undefined) console.log('{}');
else console.log(JSON.stringify({ outputs: Array.from(await (await openModel(library, files)).row(row)) }));
process.exit();
