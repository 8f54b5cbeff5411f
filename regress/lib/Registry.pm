# A real container registry for a test, with an image made by hand to put into it
# and skopeo as its client.  Everything is in the test's directory.
package Registry;

use strict;
use warnings;

use Digest::SHA qw(sha256_hex);
use JSON::PP ();

use Jwtd;
use Proxy;

# Registry->start(dir => DIR, realm => URL, bundle => FILE): the registry of
# etc/registry/config.yml but for paths, ports and names of this machine.
#	tls	the base of its certificate and key
sub start {
	my ($class, %arg) = @_;
	my $dir = $arg{dir};
	my $port = Proxy::free_port();
	my $text = Proxy::example('registry/config.yml',
	    '/var/lib/docker-registry' => "$dir/images",
	    'addr: :443' => "addr: 127.0.0.1:$port",
	    '/etc/ssl/registry.example.com.crt' => "$arg{tls}.crt",
	    '/etc/ssl/private/registry.example.com.key' => "$arg{tls}.key",
	    'https://auth.example.com/token' => $arg{realm},
	    '/etc/docker/registry/jwtd.crt' => $arg{bundle});
	Jwtd::write_file("$dir/registry.yml", $text);
	my $self = bless { dir => $dir, port => $port,
	    ca => "$arg{tls}.crt", log => "$dir/registry.log" }, $class;
	$self->{server} = Proxy->start($self->{log}, $port,
	    Proxy::program('docker-registry'), 'serve', "$dir/registry.yml");
	return $self;
}

sub port { $_[0]{port} }
sub log { Jwtd::read_file($_[0]{log}) }
sub name { "127.0.0.1:$_[0]{port}" }

# An OCI layout (image-layout.md) with one layer, which holds one file.  Returns
# its path and the digest of the manifest.
sub image {
	my ($dir, $name, $content) = @_;
	my $layout = "$dir/$name";
	mkdir $_ or die "mkdir $_: $!" for $layout, "$layout/blobs",
	    "$layout/blobs/sha256";
	Jwtd::write_file("$dir/hello", $content);
	my ($status, $out) = Jwtd::run([ 'tar', '-C', $dir, '--owner=0',
	    '--group=0', '-cf', "$dir/layer.tar", 'hello' ]);
	die "tar: $out" if $status != 0;
	my $layer = Jwtd::read_file("$dir/layer.tar");
	my $config = blob($layout, json({ architecture => 'amd64',
	    os => 'linux', config => {}, rootfs => { type => 'layers',
	    diff_ids => [ 'sha256:' . sha256_hex($layer) ] } }),
	    'application/vnd.oci.image.config.v1+json');
	# compressed, so that no client thinks it should be
	($status, $out) = Jwtd::run([ 'gzip', '-nf', "$dir/layer.tar" ]);
	die "gzip: $out" if $status != 0;
	my $gz = blob($layout, Jwtd::read_file("$dir/layer.tar.gz"),
	    'application/vnd.oci.image.layer.v1.tar+gzip');
	my $type = 'application/vnd.oci.image.manifest.v1+json';
	my $manifest = blob($layout, json({ schemaVersion => 2,
	    mediaType => $type, config => $config, layers => [ $gz ] }),
	    $type);
	Jwtd::write_file("$layout/oci-layout",
	    json({ imageLayoutVersion => '1.0.0' }));
	Jwtd::write_file("$layout/index.json",
	    json({ schemaVersion => 2, manifests => [ $manifest ] }));
	return ($layout, $manifest->{digest});
}

sub json { JSON::PP->new->canonical->encode($_[0]) }

# Put the bytes into a layout; returns their descriptor.
sub blob {
	my ($layout, $bytes, $type) = @_;
	my $hash = sha256_hex($bytes);
	Jwtd::write_file("$layout/blobs/sha256/$hash", $bytes);
	return { mediaType => $type, digest => "sha256:$hash",
	    size => length $bytes };
}

# Run skopeo, which trusts the registry's certificate and nothing else, with no
# configuration but what is here: (exit status, output).
sub skopeo {
	my ($self, $input, $command, @args) = @_;
	my $dir = $self->{dir};
	local %ENV = (PATH => $ENV{PATH}, HOME => $dir, TMPDIR => $dir,
	    XDG_RUNTIME_DIR => $dir, SSL_CERT_FILE => $self->{ca},
	    SSL_CERT_DIR => '/nonexistent',
	    REGISTRY_AUTH_FILE => "$dir/auth.json");
	return Jwtd::run([ Proxy::program('skopeo'), '--insecure-policy',
	    '--tmpdir', $dir, '--command-timeout', "${Jwtd::patience}s",
	    $command, @args ], $input);
}

# Copy with a user's password, from and to where skopeo says it is.
sub push_image {
	my ($self, $who, $layout, $to) = @_;
	return $self->skopeo('', 'copy', '--dest-creds', $who, "oci:$layout",
	    'docker://' . $self->name . "/$to");
}

sub pull_image {
	my ($self, $who, $from, $layout) = @_;
	return $self->skopeo('', 'copy', '--src-creds', $who, 'docker://'
	    . $self->name . "/$from", "oci:$layout");
}

sub stop { $_[0]{server}->stop }

1;
