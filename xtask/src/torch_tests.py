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
# The file's own load_tests splits it between torch's machines, and wants to be run as a script there.
cases = [each for each in vars(module).values() if isinstance(each, type)]
cases = [each for each in cases if issubclass(each, unittest.TestCase) and each.__module__ == spec.name]
suite = unittest.TestSuite(map(unittest.defaultTestLoader.loadTestsFromTestCase, cases))
outcomes = Outcomes()
with warnings.catch_warnings():
    # Tests that ask for warnings get them; nobody else is told.
    warnings.simplefilter("always")
    warnings.showwarning = lambda *_, **__: None
    suite.run(outcomes)
print(json.dumps(outcomes.told))
