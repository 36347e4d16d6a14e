/* main.c - the program `edacious`. */
#include "cli/cli.h"

int main(int argc, char **argv)
{
    edai_cli cli = {.in = stdin, .out = stdout, .err = stderr};

    return (int)edai_cli_run(&cli, argc, argv);
}
