# What it is compared with: nginx that answers an empty 202, with as many
# workers, the same certificate and listeners, and the same handshake, without
# the two session tickets that it sends otherwise; HAProxy that verifies tokens.
package Bench::Peer;

use strict;
use warnings;

use Jwtd;
use Proxy;

# Bench::Peer->nginx(DAEMON, workers => N, connections => N)
sub nginx {
	my ($class, $d, %arg) = @_;
	my $dir = $d->dir;
	my ($plain, $tls) = map { Proxy::free_port() } 1 .. 2;
	my $as = $> == 0 ? 'user nobody ' . getgrgid((getpwnam 'nobody')[3])
	    . ';' : '';
	my $temporary = join '', map { "\t${_}_temp_path $dir/$_;\n" }
	    qw(client_body proxy fastcgi uwsgi scgi);
	my $workers = $arg{workers} || 2;
	my $connections = $arg{connections} || 1024;
	my $files = $connections + 64;
	Jwtd::write_file("$dir/nginx.conf", <<"EOT");
$as
daemon off;
worker_processes $workers;
worker_rlimit_nofile $files;
pid $dir/nginx.pid;
error_log $dir/nginx.log;
events { worker_connections $connections; }
http {
	access_log off;
	keepalive_requests 100000000;
	keepalive_timeout 3600s;
$temporary	server {
		listen 127.0.0.1:$plain backlog=4096;
		listen 127.0.0.1:$tls ssl backlog=4096;
		server_name localhost;
		ssl_certificate $dir/tls.crt;
		ssl_certificate_key $dir/tls.key;
		ssl_protocols TLSv1.2 TLSv1.3;
		ssl_session_tickets off;
		ssl_conf_command NumTickets 0;
		location / { return 202; }
	}
}
EOT
	my $proxy = Proxy->start("$dir/nginx.out", $plain,
	    Proxy::program('nginx'), '-p', $dir, '-e', "$dir/nginx.log", '-c',
	    "$dir/nginx.conf");
	return bless { proxy => $proxy, plain => $plain, tls => $tls }, $class;
}

# Tokens of that daemon, as etc/haproxy/jwtd.cfg checks them, for a 202.
sub haproxy {
	my ($class, $d, %arg) = @_;
	my $dir = $d->dir;
	my $plain = Proxy::free_port();
	my $workers = $arg{workers} || 2;
	Jwtd::write_file("$dir/jwtd.pem", $d->ctl([ 'key', 'show' ]));
	my ($checks) = Proxy::example('haproxy/jwtd.cfg',
	    '/etc/haproxy/jwtd.pem' => "$dir/jwtd.pem",
	    'https://auth.example.com' => 'https://issuer.example')
	    =~ /^(\thttp-request set-var.*?)^\t# replaces/ms;
	Jwtd::write_file("$dir/haproxy.cfg", <<"EOT");
global
	nbthread $workers
defaults
	mode http
	timeout connect 5s
	timeout client 60s
	timeout server 60s
frontend api
	bind 127.0.0.1:$plain
	http-request return status 202 unless { req.hdr(Authorization) -m found }
$checks	http-request return status 202 hdr X-Auth-Subject %[var(txn.sub)]
EOT
	my $proxy = Proxy->start("$dir/haproxy.log", $plain,
	    Proxy::program('haproxy'), '-db', '-f', "$dir/haproxy.cfg");
	return bless { proxy => $proxy, plain => $plain }, $class;
}

sub plain { $_[0]{plain} }
sub tls { $_[0]{tls} }
sub pid { $_[0]{proxy}{pid} }
sub stop { $_[0]{proxy}->stop }

1;
