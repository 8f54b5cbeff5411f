#!/bin/sh
# Sets the database up, or brings it up to date, each time compose.yaml starts:
# schema.sql, and the passwords of the roles as they are in the secrets.  Runs
# as PostgreSQL's superuser and is gone before jwtd starts.
set -eu

secrets=${JWTD_SECRETS:-/run/secrets}
PGPASSWORD=$(cat "$secrets/postgres_password")
export PGPASSWORD PGHOST="${PGHOST:-/var/run/postgresql}"
export PGUSER="${PGUSER:-postgres}" PGDATABASE="${PGDATABASE:-jwtd}"

psql -X -q -v ON_ERROR_STOP=1 -f "${1:-/schema.sql}"
for role in jwtd_signer jwtd_admin; do
	# \password sends a hash; without a terminal it reads this
	for again in 1 2; do
		cat "$secrets/${role}_password"
		echo
	done | psql -X -q -v ON_ERROR_STOP=1 -c "\\password $role" \
	    >/dev/null 2>&1 || {
		echo "schema.sh: the password of $role was not set" >&2
		exit 1
	}
done
