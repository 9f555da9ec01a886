"""Runs one file of unittest tests; prints what became of each as JSON."""

import importlib.util
import json
import sys
import unittest
import warnings


class Outcomes(unittest.TestResult):
    def __init__(self):
        super().__init__()
        self.told = {}

    def tell(self, test, what):
        name = test.id() if hasattr(test, "id") else str(test)
        # A subtest that fails comes before its test, which does not succeed then.
        self.told.setdefault(name.split(" ")[0].split(".", 1)[-1], what)

    def addSuccess(self, test):
        self.tell(test, "passed")

    def addFailure(self, test, err):
        self.tell(test, "failed")

    def addError(self, test, err):
        self.tell(test, "failed")

    def addSubTest(self, test, subtest, err):
        if err is not None:
            self.tell(test, "failed")

    def addSkip(self, test, reason):
        self.tell(test, "skipped")

    def addExpectedFailure(self, test, err):
        self.tell(test, "passed")

    def addUnexpectedSuccess(self, test):
        self.tell(test, "failed")


path = sys.argv[1]
spec = importlib.util.spec_from_file_location("tests_of_torch", path)
module = importlib.util.module_from_spec(spec)
# Pickles look for their classes there.
sys.modules[spec.name] = module
spec.loader.exec_module(module)
suite = unittest.defaultTestLoader.loadTestsFromModule(module)
outcomes = Outcomes()
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    suite.run(outcomes)
print(json.dumps(outcomes.told))
