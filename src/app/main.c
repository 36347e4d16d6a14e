/* main.c - main of a program that links edacious-main: the application is eda_app. */
#include <edacious/system.h>

int main(int argc, char **argv)
{
    return eda_main(argc, argv, eda_app);
}
