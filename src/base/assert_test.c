#define _GNU_SOURCE 1

#include "base/assert.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void assert_that_holds_evaluates_once(void **state)
{
    (void)state;
    int count = 0;
    EDA_ASSERT(++count == 1, "the condition is evaluated once");
    assert_int_equal(count, 1);
}

static void fail_in_child(int error_fd)
{
    (void)dup2(error_fd, STDERR_FILENO);
    (void)signal(SIGABRT, SIG_DFL);
    int two = 2;
    EDA_ASSERT(two == 1 + 2, "sums are right");
    _exit(0);
}

static void assert_that_fails_prints_and_aborts(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        fail_in_child(ends[1]);
    }
    (void)close(ends[1]);
    FILE *output = fdopen(ends[0], "r");
    assert_non_null(output);
    char line[256];
    assert_non_null(fgets(line, sizeof line, output));
    while (fgetc(output) != EOF) { /* tools may add something of their own */
    }
    (void)fclose(output);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
    assert_non_null(strstr(line, "assert_test.c:"));
    assert_non_null(strstr(line, ": assertion failed: two == 1 + 2: sums are right\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(assert_that_holds_evaluates_once),
        cmocka_unit_test(assert_that_fails_prints_and_aborts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
