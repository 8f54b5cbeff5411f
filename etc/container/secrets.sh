#!/bin/sh
# Makes the files in secrets/ that compose.yaml names and that are not there:
# random passwords, and a self-signed certificate for localhost.  It replaces
# none: put your own tls.crt and tls.key there before or after.
set -eu

# Who is on this host cannot enter the directory.  The files themselves are for
# all, since each container sees those that it is given and no other, under a
# user of its own.
dir=$(cd "$(dirname "$0")" && pwd)/secrets
mkdir -p "$dir"
chmod 700 "$dir"
umask 022

for name in postgres_password jwtd_signer_password jwtd_admin_password; do
	test -e "$dir/$name" ||
	    od -An -v -N 24 -t x1 /dev/urandom | tr -d ' \n' > "$dir/$name"
done
if [ ! -e "$dir/tls.key" ]; then
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -days 365 -subj /CN=localhost \
	    -addext subjectAltName=DNS:localhost,IP:127.0.0.1 \
	    -keyout "$dir/tls.key" -out "$dir/tls.crt" 2>/dev/null
	# openssl(1) has its own idea
	chmod 644 "$dir/tls.key"
fi
