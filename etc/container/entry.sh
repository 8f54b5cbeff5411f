#!/bin/sh
# What a container of jwtd starts with: makes what is missing, and becomes jwtd.
# It must never print a secret, nor replace a key, a certificate or a user that
# is there.  README.md beside it says what the variables mean.
#
#	jwtd-entry		the daemon, in the foreground
#	jwtd-entry prepare	what comes before that, and nothing else
#	jwtd-entry health	0 if the daemon serves
#	jwtd-entry users ...	jwtctl user ..., in the database
#	jwtd-entry COMMAND ...	that command
set -eu
umask 077

# what is made anew at each start is below run, and what stays below data
run=${JWTD_RUN:-/run/jwtd/private}
data=${JWTD_DATA:-/var/lib/jwtd}
secrets=${JWTD_SECRETS:-/run/secrets}
mounted=${JWTD_CONFIG:-/etc/jwtd/jwtd.conf}
conf=$run/jwtd.conf

die() {
	echo "jwtd-entry: $*" >&2
	exit 1
}

# a value as a string of jwtd.conf(5); check() has looked at all of them
string() {
	printf '"%s"' "$1"
}

check() {
	for name in JWTD_RUN JWTD_DATA JWTD_SECRETS JWTD_CONFIG JWTD_ISSUER \
	    JWTD_NAME JWTD_AUDIENCE JWTD_DATABASE JWTD_TLS_CERTIFICATE \
	    JWTD_TLS_KEY JWTD_LIFETIME JWTD_LISTEN JWTD_TRUSTED_PROXY; do
		eval "value=\${$name:-}"
		case $name,$value in
		*[[:cntrl:]]*) die "$name has a control character" ;;
		# that of a Unix socket is in quotes
		JWTD_LISTEN,*) ;;
		*[\"\\]*) die "$name has a quote or a backslash" ;;
		esac
	done
}

# The password goes from one file to another, as libpq wants it: for whatever
# host and database the string names.
database() {
	file=${JWTD_DATABASE_PASSWORD_FILE:-$secrets/$1}
	case $JWTD_DATABASE in
	*://*) die "JWTD_DATABASE has to be of keywords, as in host=/run/x" ;;
	esac
	conninfo=$JWTD_DATABASE
	test -e "$file" || return 0
	test -r "$file" || die "$file cannot be read by user $(id -u)"
	{
		printf '*:*:*:*:'
		# only the first line, and without a newline at its end too
		{ cat "$file"; echo; } | sed -e 's/[\\:]/\\&/g' -e q
	} > "$run/pgpass"
	conninfo="$JWTD_DATABASE passfile=$run/pgpass"
}

signer() {
	echo 'signer {'
	printf '\tissuer %s\n' "$(string "$JWTD_ISSUER")"
	printf '\tkeys %s\n' "$(string "$data/keys")"
	if [ -n "${JWTD_DATABASE:-}" ]; then
		printf '\tstore postgres %s\n' "$(string "$conninfo")"
	else
		printf '\tstore file %s\n' "$(string "$data/users/users")"
	fi
	printf '\tlifetime %s\n}\n' "${JWTD_LIFETIME:-15m}"
}

audiences() {
	set -f
	printf '\t\taudience {'
	for audience in ${JWTD_AUDIENCE:-api}; do
		printf ' %s' "$(string "$audience")"
	done
	printf ' }\n'
}

server() {
	listen=${JWTD_LISTEN:-* tls port 8443}
	# without a name, that of the issuer's URL
	host=${JWTD_ISSUER#*://}
	host=${host%%[:/]*}
	printf 'server %s {\n' "$(string "${JWTD_NAME:-$host}")"
	printf '\tlisten on %s\n' "$listen"
	case $listen in
	*' tls '*)
		printf '\ttls {\n\t\tcertificate %s\n' "$(string "$certificate")"
		printf '\t\tkey %s\n\t}\n' "$(string "$key")"
		;;
	esac
	if [ -n "${JWTD_TRUSTED_PROXY:-}" ]; then
		printf '\ttrusted proxy { %s }\n' "$JWTD_TRUSTED_PROXY"
	fi
	printf '\tlocation "/token" {\n\t\tgrant\n%s\n\t}\n' "$(audiences)"
	printf '\tlocation "/verify/*" {\n\t\tresource\n%s\n\t}\n' \
	    "$(audiences)"
	printf '\tlocation "/.well-known/jwks.json" { jwks }\n'
	case $JWTD_ISSUER in
	https://*)
		printf '\tlocation "/.well-known/%s" { metadata }\n' \
		    oauth-authorization-server
		;;
	esac
	printf '\tlocation "/health" { health }\n}\n'
}

# A mounted file is included, so that it can be changed and reloaded.  If it has
# no status, by which the health check finds the daemon, it gets one.
configure() {
	if [ -e "$mounted" ]; then
		printf 'status %s\ninclude %s\n' "$(string "$run/jwtd.status")" \
		    "$(string "$mounted")" > "$conf"
		jwtd -n -f "$conf" >/dev/null 2>&1 ||
		    printf 'include %s\n' "$(string "$mounted")" > "$conf"
		return
	fi
	test -n "${JWTD_ISSUER:-}" ||
	    die "neither $mounted nor JWTD_ISSUER is there: see README.md"
	certificate=${JWTD_TLS_CERTIFICATE:-$secrets/tls.crt}
	key=${JWTD_TLS_KEY:-$secrets/tls.key}
	if [ "${JWTD_SELF_SIGNED:-}" = yes ]; then
		certificate=$data/tls.crt
		key=$data/tls.key
	fi
	if [ -n "${JWTD_DATABASE:-}" ]; then
		database jwtd_signer_password
	fi
	{
		printf 'status %s\n' "$(string "$run/jwtd.status")"
		signer
		server
	} > "$conf"
}

# what only a first start does; a mounted configuration has its own places
first() {
	mkdir -p "$data/users" "$data/keys"
	set -- "$data"/keys/[0-9]*.pem
	test -e "$1" ||
	    jwtctl -f "$conf" key rotate -t "${JWTD_KEY_TYPE:-rsa}"
	if [ "${JWTD_SELF_SIGNED:-}" = yes ] && [ ! -e "$key" ]; then
		jwtctl -f "$conf" certificate new
	fi
}

prepare() {
	# the directory that is mounted here may be for all
	mkdir -p "$run"
	chmod 755 "$run"
	check
	configure
	jwtd -n -f "$conf" >/dev/null
	test -e "$mounted" || first
}

# The parent has to answer, to serve, and to have one of each of its processes.
health() {
	said=$(jwtctl -f "$conf" status 2>&1) || die "$said"
	case $said in
	*"configuration "*"process "*) ;;
	*) die "$said" ;;
	esac
	printf '%s\n' "$said" | {
		table=
		while read -r kind configured running rest; do
			case $kind in
			process) table=yes ;;
			'') table= ;;
			*)
				test -z "$table" || test "$configured" -eq 0 ||
				    test "$running" -gt 0 ||
				    die "no $kind is running"
				;;
			esac
		done
	}
}

case ${1:-} in
'')
	prepare
	exec jwtd -d -f "$conf"
	;;
prepare)
	prepare
	;;
health)
	health
	;;
users)
	shift
	test -n "${JWTD_DATABASE:-}" || die "JWTD_DATABASE is not set"
	mkdir -p "$run"
	database jwtd_admin_password
	exec jwtctl -d "$conninfo" user "$@"
	;;
*)
	exec "$@"
	;;
esac
