#!/usr/bin/env python3
"""soak.py - runs a program and prints the time and the memory it took. Usage: tools/soak.py program [argument...]"""
import os
import sys
import time


def main():
    began = time.monotonic()
    child = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ)
    _, status, usage = os.wait4(child, 0)
    print(f"{time.monotonic() - began:.0f} s, peak {usage.ru_maxrss // 1024} MiB", flush=True)
    return os.waitstatus_to_exitcode(status) != 0


if __name__ == "__main__":
    sys.exit(main())
