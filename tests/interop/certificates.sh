#!/bin/sh
# certificates.sh - an authority and certificates that it signed, for tests and trials: FOLDER/ca.pem, FOLDER/NAME.pem and
# FOLDER/NAME.key. Each names this machine, so that any of them can listen. Usage: certificates.sh FOLDER NAME...
set -eu
folder=$1
shift
key="-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
# shellcheck disable=SC2086
openssl req -x509 $key -days 30 -subj "/CN=authority" -keyout "$folder/ca.key" -out "$folder/ca.pem" 2>/dev/null
for name; do
    # shellcheck disable=SC2086
    openssl req $key -subj "/CN=$name" -addext "subjectAltName=DNS:localhost,IP:127.0.0.1" \
        -keyout "$folder/$name.key" -out "$folder/$name.csr" 2>/dev/null
    openssl x509 -req -in "$folder/$name.csr" -CA "$folder/ca.pem" -CAkey "$folder/ca.key" -CAcreateserial -days 30 \
        -copy_extensions copy -out "$folder/$name.pem" 2>/dev/null
done
