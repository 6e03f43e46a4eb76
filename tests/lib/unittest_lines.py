"""Runs the unittest files of a folder and prints one `ok NAME`, `FAIL NAME` or `skipped NAME` line a test, as tests/run.sh counts them."""
import sys
import unittest


class Lines(unittest.TextTestResult):
    def addSuccess(self, test):
        super().addSuccess(test)
        print("ok", test.id(), flush=True)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        print("FAIL", test.id(), self._exc_info_to_string(err, test), flush=True)

    def addError(self, test, err):
        super().addError(test, err)
        print("FAIL", test.id(), self._exc_info_to_string(err, test), flush=True)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        print("skipped", test.id(), reason, flush=True)


if __name__ == "__main__":
    suite = unittest.defaultTestLoader.discover(sys.argv[1])
    result = unittest.TextTestRunner(stream=sys.stderr, resultclass=Lines, verbosity=0).run(suite)
    sys.exit(0 if result.wasSuccessful() and result.testsRun else 1)
