// The cases, in the order of the report.

import * as beside from './beside.mjs';
import * as create from './create.mjs';
import * as files from './files.mjs';
import * as folds from './folds.mjs';
import * as higgsShape from './higgs-shape.mjs';
import * as interchange from './interchange.mjs';
import * as large from './large.mjs';
import * as loop from './loop.mjs';
import * as machines from './machines.mjs';
import * as mapped from './mapped.mjs';
import * as memory from './memory.mjs';
import * as mnist from './mnist.mjs';
import * as modules from './modules.mjs';
import * as moons32 from './moons-32.mjs';
import * as moonsFull from './moons-full.mjs';
import * as options from './options.mjs';
import * as prebuilt from './prebuilt.mjs';
import * as predict1 from './predict-1.mjs';
import * as predict1000 from './predict-1000.mjs';
import * as preprocessing from './preprocessing.mjs';
import * as products from './products.mjs';
import * as rowWork from './row-work.mjs';
import * as scaling from './scaling.mjs';
import * as servingMemory from './serving-memory.mjs';
import * as servingRoutes from './serving-routes.mjs';
import * as servingRows from './serving-rows.mjs';
import * as servingStart from './serving-start.mjs';
import * as servingTraining from './serving-training.mjs';
import * as sources from './sources.mjs';
import * as stalls from './stalls.mjs';
import * as tables from './tables.mjs';
import * as tabular from './tabular.mjs';
import * as update from './update.mjs';
import * as wide from './wide.mjs';
import * as workers from './workers.mjs';

export const cases = [
  moonsFull,
  moons32,
  mnist,
  wide,
  large,
  higgsShape,
  machines,
  predict1,
  predict1000,
  products,
  scaling,
  preprocessing,
  rowWork,
  tables,
  folds,
  workers,
  tabular,
  update,
  loop,
  beside,
  servingRoutes,
  servingRows,
  servingTraining,
  servingStart,
  servingMemory,
  sources,
  mapped,
  stalls,
  create,
  memory,
  files,
  interchange,
  modules,
  options,
  prebuilt,
];
