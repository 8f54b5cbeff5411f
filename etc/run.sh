#!/bin/sh
# make run: a throw-away daemon on loopback, with a self-signed certificate, an
# RSA key and a user, in the foreground, and the curl lines to try it.
# Usage: run.sh BUILD-DIRECTORY
set -eu

bin=$(cd "$1" && pwd)
dir=$(mktemp -d "${TMPDIR:-/tmp}/jwtd-run.XXXXXXXX")
trap 'rm -rf "$dir"' EXIT
# Ctrl-C goes to the daemon too: it ends, and this script after it
trap '' INT
trap 'kill -TERM "$(cat "$dir/pid")"' TERM HUP

mkdir -m 700 "$dir/users"
if [ "$(id -u)" -eq 0 ]; then
	chown _jwtdsign:_jwtdsign "$dir/users"
	# for curl, which may be another user's
	chmod 755 "$dir"
fi
cat > "$dir/jwtd.conf" <<CONF
signer {
	issuer "https://127.0.0.1"
	key "$dir/key.pem"
	store file "$dir/users/users"
	lifetime 15m
}
server "localhost" {
	listen on 127.0.0.1 tls port ${PORT:-0}
	tls {
		certificate "$dir/tls.crt"
		key "$dir/tls.key"
	}
	location "/token" {
		grant
		audience "api"
	}
	location "/verify" {
		resource
		audience "api"
	}
	location "/.well-known/jwks.json" { jwks }
}
CONF
ctl="$bin/jwtctl -f $dir/jwtd.conf"
$ctl key new >/dev/null
$ctl certificate new >/dev/null
echo wonderland | $ctl user add alice \
    '{"email":"alice@example.com","scope":"read write"}' >/dev/null

try() {
	url=https://127.0.0.1:$1
	curl="curl -sS --cacert $dir/tls.crt"
	cat <<LINES

jwtd is running on $url, as long as this command does.
In another terminal, a token for alice, whose password is wonderland:

$curl -u alice:wonderland $url/token

The same token is worth a 202 here, and nothing else is:

$curl -i --oauth2-bearer \$($curl -u alice:wonderland $url/token | sed 's/.*"access_token":"\([^"]*\)".*/\1/') $url/verify

To look into a token, and to add a user:

$curl -u alice:wonderland $url/token | $ctl token show
$ctl user add bob '{"scope":"read"}'

Ctrl-C ends it and removes everything.

LINES
}

mkfifo "$dir/log"
"$bin/jwtd" -d -f "$dir/jwtd.conf" > "$dir/log" 2>&1 &
echo $! > "$dir/pid"
while read -r line; do
	echo "$line"
	case $line in
	*"listening on 127.0.0.1 port "*)
		port=${line#*port }
		port=${port%% *}
		;;
	"jwtd: ready")
		try "$port"
		;;
	esac
done < "$dir/log"
wait "$(cat "$dir/pid")"
