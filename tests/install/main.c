/* main.c - uses an installed edacious; tools/install_test.sh builds it with find_package and with
 * pkg-config. */
#include <edacious/value.h>

#include <stdio.h>

int main(void)
{
    eda_str text = eda_str_from(eda_status_name(EDA_EFULL));
    return printf("%.*s\n", EDA_STR_ARG(text)) > 0 ? 0 : 1;
}
