#!/usr/bin/env python3
"""junit_sums.py - prints "passed failed skipped" of a report that CTest wrote. Usage: tools/junit_sums.py FILE"""
import sys
import xml.etree.ElementTree


def main():
    cases = xml.etree.ElementTree.parse(sys.argv[1]).getroot().findall("testcase")
    failed = sum(case.find("failure") is not None for case in cases)
    # A disabled test, and one whose program is missing, carry no failure of their own.
    skipped = sum(case.find("failure") is None and case.get("status") in ("notrun", "disabled") for case in cases)
    print(len(cases) - failed - skipped, failed, skipped)
    return 0


if __name__ == "__main__":
    sys.exit(main())
