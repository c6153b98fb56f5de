"""Fits a model of scikit-learn with the training rows of a fold, and evaluates it with the test rows.

    python3 tabular_sklearn.py '{"set": ..., "fold": ..., "method": ..., "threads": ..., "quick": ...}'

prints a Fit of harness/tabular-tables.mjs. Numbers have the median where they are missing, a 0/1 column that says so, and mean
0 and variance 1; categories are one-hot, a missing one is a level of its own. HistGradientBoosting gets codes, and gaps as they are.
All of it is learned from the training rows, and timed."""

import csv
import gzip
import json
import pathlib
import sys
import time

import numpy as np
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, log_loss, mean_squared_error, r2_score, roc_auc_score
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

folder = pathlib.Path(__file__).parent / "../../test/fixtures/tabular"


def read(name):
    info = json.loads(gzip.open(folder / f"{name}.json.gz").read())
    with gzip.open(folder / f"{name}.csv.gz", "rt", encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    cells = dict(zip(header, zip(*rows)))
    kinds = {column["name"]: column["kind"] for column in info["columns"] if column["name"] != info["target"]}
    numbers = [[float(cell or "nan") for cell in cells[name]] for name in kinds if kinds[name] == "number"]
    categories = [cells[name] for name in kinds if kinds[name] == "category"]
    X = np.array([*numbers, *categories], dtype=object).T
    y = np.array(cells[info["target"]])
    return info, len(numbers), X, y.astype(float) if info["task"] == "regression" else y


def model_of(method, regression, numbers, columns, quick):
    first, others = list(range(numbers)), list(range(numbers, columns))
    if method == "HistGradientBoosting":
        codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)
        before = ColumnTransformer([("categories", codes, others)], remainder="passthrough")
        boosting = HistGradientBoostingRegressor if regression else HistGradientBoostingClassifier
        categorical = [i < len(others) for i in range(columns)]
        return make_pipeline(
            before,
            boosting(random_state=0, categorical_features=categorical, max_iter=2 if quick else 100),
        )
    scaled = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    before = ColumnTransformer(
        [("numbers", scaled, first), ("categories", OneHotEncoder(handle_unknown="ignore"), others)],
        sparse_threshold=0,
    )
    if method == "linear":
        return make_pipeline(before, Ridge() if regression else LogisticRegression(max_iter=1000))
    own = {"early_stopping": True, "random_state": 0, "max_iter": 2 if quick else 200}
    if regression:
        return make_pipeline(
            before, TransformedTargetRegressor(MLPRegressor(**own), transformer=StandardScaler())
        )
    return make_pipeline(before, MLPClassifier(**own))


def main(question):
    info, numbers, X, y = read(question["set"])
    is_test = np.zeros(len(y), dtype=bool)
    is_test[info["folds"][question["fold"]]] = True
    regression = info["task"] == "regression"
    model = model_of(question["method"], regression, numbers, X.shape[1], question["quick"])
    start, cpu = time.perf_counter(), time.process_time()
    model.fit(X[~is_test], y[~is_test])
    fit = {"seconds": time.perf_counter() - start, "cpu": time.process_time() - cpu}
    X, y = X[is_test], y[is_test]
    if regression:
        predicted = model.predict(X)
        fit |= {"rmse": mean_squared_error(y, predicted, squared=False), "r2": r2_score(y, predicted)}
    else:
        shares = model.predict_proba(X)
        fit |= {"accuracy": accuracy_score(y, model.predict(X))}
        fit |= {"logLoss": log_loss(y, shares, labels=model.classes_)}
        if info["task"] == "binary":
            yes = list(model.classes_).index(info["positive"])
            fit |= {"rocAuc": roc_auc_score(y == info["positive"], shares[:, yes])}
    print(json.dumps(fit))


main(json.loads(sys.argv[1]))
