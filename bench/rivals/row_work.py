"""Work that goes through rows, with scikit-learn. row-work.mjs does the same with blasnet."""

import os
import warnings

import numpy as np
import protocol
from sklearn import metrics
from sklearn.impute import SimpleImputer
from sklearn.model_selection import StratifiedKFold, cross_val_score, train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, RobustScaler, StandardScaler
from sklearn.utils import shuffle

# 20 epochs are not meant to converge; other processes would print the warning, too.
os.environ["PYTHONWARNINGS"] = "ignore"
warnings.simplefilter("ignore")

steps = {
    "standardScaler": StandardScaler,
    "minMaxScaler": MinMaxScaler,
    "robustScaler": RobustScaler,
    "imputer mean": SimpleImputer,
    "imputer median": lambda: SimpleImputer(strategy="median"),
    "imputer mostFrequent": lambda: SimpleImputer(strategy="most_frequent"),
    "oneHotEncoder": lambda: OneHotEncoder(sparse_output=False),
}

scores = {
    "rocAuc": lambda y, p, decided: metrics.roc_auc_score(y, p),
    "prAuc": lambda y, p, decided: metrics.average_precision_score(y, p),
    "logLoss": lambda y, p, decided: metrics.log_loss(y, p),
    "f1": lambda y, p, decided: metrics.f1_score(y, decided),
    "confusionMatrix": lambda y, p, decided: metrics.confusion_matrix(y, decided),
}

splits = {
    "trainTestSplit": lambda X, Y: train_test_split(X, Y, test_size=0.25, random_state=1)[1],
    "stratified split": lambda X, Y: train_test_split(X, Y, test_size=0.25, random_state=1, stratify=Y),
    "shuffle": lambda X, Y: shuffle(X, Y, random_state=1),
}


def cross_validation(X, Y, jobs):
    network = MLPClassifier((128, 64), batch_size=128, max_iter=20, n_iter_no_change=1000, random_state=1)
    folds = StratifiedKFold(5, shuffle=True, random_state=1)
    labels = Y[:, 0].astype(np.int64)
    model = make_pipeline(StandardScaler(), network)
    return lambda: cross_val_score(model, X, labels, cv=folds, n_jobs=jobs).mean()


def work_of(job):
    name = job["work"]
    X = protocol.read_matrix(job, "X", job["cols"])
    if name in steps:
        return lambda: steps[name]().fit_transform(X)
    Y = protocol.read_matrix(job, "Y", 1)
    if name == "crossValidate":
        return cross_validation(X, Y, job["threads"])
    if name in splits:
        return lambda: splits[name](X, Y)
    # scikit-learn is fastest with integer labels, and takes decisions where blasnet takes probabilities.
    labels, predictions = Y[:, 0].astype(np.int64), X[:, 0]
    decided = (predictions > 0.5).astype(np.int64)
    return lambda: scores[name](labels, predictions, decided)


class RowWork:
    """The job's work as a rival's network: `predict` gives its result, and `repeat` does it several times."""

    def __init__(self, job):
        self.work = work_of(job)

    def predict(self, X):
        return np.ravel(self.work())

    def repeat(self, calls):
        for _ in range(calls):
            self.work()
