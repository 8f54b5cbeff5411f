#!/bin/sh
# Installs what the program and its tests need and this machine does not have,
# and creates the system users that the daemon runs as.  Does nothing, and says
# nothing, when nothing is missing.
set -eu

packages="ca-certificates gcc make pkg-config bison mandoc cppcheck
	libtls-dev libevent-dev libjansson-dev libsodium-dev libssl-dev libpq-dev
	libbsd-dev libcrypt-dev
	perl libio-socket-ssl-perl libio-pty-perl curl openssl
	nginx-light haproxy caddy docker-registry skopeo testssl.sh rsync
	apache2-utils python3 python3-jwt python3-cryptography python3-yaml jose
	python3-authlib python3-requests
	postgresql pgbouncer fail2ban
	clang libclang-rt-14-dev clang-tidy musl-tools libc6-dev-arm64-cross
	valgrind wrk
	systemd mksh ksh93u+m
	debhelper dpkg-dev fakeroot lintian debootstrap
	buildah podman busybox"
users="_jwtd _jwtdsign _jwtdfetch _jwtdtls"
# these may be there without being packages
command -v node >/dev/null 2>&1 || packages="$packages nodejs"
command -v npm >/dev/null 2>&1 || packages="$packages npm"

as_root=
if [ "$(id -u)" -ne 0 ]; then
	as_root=sudo
fi

if command -v dpkg-query >/dev/null 2>&1; then
	missing=
	for p in $packages; do
		dpkg-query -W -f '${Status}' "$p" 2>/dev/null |
		    grep -q 'ok installed' || missing="$missing $p"
	done
	if [ -n "$missing" ]; then
		echo "deps: installing$missing"
		if [ -n "$as_root" ] && ! command -v sudo >/dev/null 2>&1; then
			echo "deps: run as root: apt-get install$missing" >&2
			exit 1
		fi
		# the tests make servers of their own: none has to run here,
		# neither now nor after the next boot
		case $missing in
		*postgresql*)
			conf=/etc/postgresql-common/createcluster.conf
			test -e $conf || $as_root sh -c "mkdir -p ${conf%/*} &&
			    echo 'create_main_cluster = false' > $conf"
			;;
		esac
		policy=/usr/sbin/policy-rc.d
		if [ ! -e $policy ]; then
			trap '$as_root rm -f $policy' EXIT
			trap 'exit 1' HUP INT TERM
			$as_root sh -c "printf '#!/bin/sh\nexit 101\n' >$policy
			    chmod 755 $policy"
		fi
		$as_root apt-get update -qq
		DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y \
		    -qq --no-install-recommends $missing >/dev/null
		for s in nginx haproxy caddy docker-registry pgbouncer \
		    fail2ban; do
			case $missing in
			*" $s"*) test ! -d /run/systemd/system ||
			    $as_root systemctl -q disable $s ;;
			esac
		done
	fi
else
	for c in cc make pkg-config prove curl openssl; do
		command -v $c >/dev/null 2>&1 ||
		    echo "deps: $c is missing: install it" >&2
	done
fi

# only the daemon that root starts needs them
if [ "$(id -u)" -eq 0 ]; then
	for u in $users; do
		id "$u" >/dev/null 2>&1 && continue
		echo "deps: creating the system user $u"
		useradd --system --user-group --no-create-home \
		    --home-dir /nonexistent --shell /usr/sbin/nologin "$u"
	done
fi
