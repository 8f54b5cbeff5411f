# Tokens as anybody can make them: any header and any claims, signed with a key
# in a file, without any code of the daemon.
package Token;

use strict;
use warnings;

use Digest::SHA qw(hmac_sha256);
use Exporter qw(import);
use IPC::Open2 qw(open2);
use JSON::PP ();
use MIME::Base64 qw(encode_base64url decode_base64url);

our @EXPORT_OK = qw(b64 unb64 json hmac sign signed token);

# the interpreter for which the system's packages install their modules
our $python = -x '/usr/bin/python3' ? '/usr/bin/python3' : 'python3';

# A line in: key file, padding, hash, text in hex.  A line out: the signature.
my $signer = <<'END';
import sys
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding
from cryptography.hazmat.primitives.asymmetric.utils import \
    decode_dss_signature
keys = {}
for line in sys.stdin:
    path, pad, name, text = line.split()
    if path not in keys:
        with open(path, 'rb') as f:
            keys[path] = serialization.load_pem_private_key(f.read(), None)
    key = keys[path]
    text = bytes.fromhex(text)
    h = getattr(hashes, name)()
    if isinstance(key, ed25519.Ed25519PrivateKey):
        sig = key.sign(text)
    elif isinstance(key, ec.EllipticCurvePrivateKey):
        sig = key.sign(text, ec.ECDSA(h))
        if pad != 'der':
            sig = b''.join(n.to_bytes(32, 'big')
                for n in decode_dss_signature(sig))
    elif pad[:3] == 'pss':
        sig = key.sign(text, padding.PSS(padding.MGF1(h),
            int(pad[3:] or h.digest_size)), h)
    else:
        sig = key.sign(text, padding.PKCS1v15(), h)
    print(sig.hex(), flush=True)
END

my ($pid, $from, $to);

sub b64 { return encode_base64url($_[0]) }
sub unb64 { return decode_base64url($_[0]) }
sub json { return JSON::PP->new->canonical->utf8->encode($_[0]) }
sub hmac { return hmac_sha256(@_) }

# The signature as bytes, in the form of a JWS.  For RSA, padding is pkcs1, pss, or
# pssN for a salt of N bytes; for EC, der is another form.  hash is SHA256 or
# another.
sub sign {
	my ($key, $text, $padding, $hash) = @_;
	$pid //= open2($from, $to, $python, '-c', $signer);
	print $to join(' ', $key, $padding // 'pkcs1', $hash // 'SHA256',
	    unpack('H*', $text)), "\n";
	$to->flush;
	my $line = <$from> // die 'no signature';
	chomp $line;
	return pack 'H*', $line;
}

# Header and payload are references, or texts that go in as they are.
sub signed {
	my ($key, $header, $payload, @how) = @_;
	my $text = join '.', map { b64(ref $_ ? json($_) : $_) }
	    $header, $payload;
	return "$text." . b64(sign($key, $text, @how));
}

# A token that the daemon of that directory could have made, with these claims
# instead or besides; an undefined one is left out.
sub token {
	my ($key, %claims) = @_;
	my $now = time;
	my %all = (iss => 'https://issuer.example', sub => 'alice',
	    aud => 'api', iat => $now, exp => $now + 900, %claims);
	delete @all{grep { !defined $all{$_} } keys %all};
	return signed($key, { alg => 'RS256' }, \%all);
}

END {
	if ($pid) {
		close $to;
		local $?;
		waitpid $pid, 0;
	}
}

1;
