"""Makes openssl.json: keys as the openssl tool writes them, and what it signs with them. The keys are random and good for these tests only.

Each entry: what (how it was made), alg (absent: a kind of key that is refused), secret and public (PEM texts), passphrase (absent:
none), kid (from the DER of the public key, here and not by the program), message and sig (R||S, hexadecimal; by `openssl pkeyutl
-sign -rawin`, for SM2 with -digest sm3 -pkeyopt distid:1234567812345678).
Made with OpenSSL 3.0; make again: python3 make_openssl.py
"""
import json
import os
import subprocess
import tempfile

from primitives import b64u, thumbprint, write

CURVES = {"ES256K": ("secp256k1", "secp256k1"), "ES256": ("prime256v1", "P-256"), "SGD_SM3_SM2": ("SM2", "SM2-P-256")}
MESSAGE = b"signed by the openssl tool"


def openssl(*args, data=None):
    return subprocess.run(["openssl", *args], input=data, capture_output=True, check=True).stdout


def in_file(data, folder, name):
    path = os.path.join(folder, name)
    with open(path, "wb") as out:
        out.write(data)
    return path


def kid_of(alg, public):
    der = openssl("pkey", "-pubin", "-outform", "DER", data=public)
    if alg == "Ed25519":
        return thumbprint({"crv": "Ed25519", "kty": "OKP", "x": b64u(der[-32:])})
    assert der[-65] == 4
    return thumbprint({"crv": CURVES[alg][1], "kty": "EC", "x": b64u(der[-64:-32]), "y": b64u(der[-32:])})


def raw(der):
    """SEQUENCE of two INTEGERs -> R||S."""
    assert der[0] == 0x30 and der[1] == len(der) - 2 and der[2] == 2
    end = 4 + der[3]
    assert der[end] == 2 and end + 2 + der[end + 1] == len(der)
    return b"".join(int.from_bytes(part, "big").to_bytes(32, "big") for part in (der[4:end], der[end + 2 :]))


def sign(alg, secret, passphrase):
    with tempfile.TemporaryDirectory() as folder:
        args = ["-inkey", in_file(secret, folder, "key"), "-in", in_file(MESSAGE, folder, "message"), "-rawin"]
        args += ["-passin", "pass:" + passphrase] if passphrase else []
        if alg == "Ed25519":
            return openssl("pkeyutl", "-sign", *args)
        digest = ["-digest", "sm3", "-pkeyopt", "distid:1234567812345678"] if alg == "SGD_SM3_SM2" else ["-digest", "sha256"]
        return raw(openssl("pkeyutl", "-sign", *args, *digest))


def entry(what, alg, secret, passphrase=None, compressed=False):
    unlock = ["-passin", "pass:" + passphrase] if passphrase else []
    public = openssl("pkey", "-pubout", *unlock, data=secret)
    made = {"what": what, "secret": secret.decode()}
    if passphrase:
        made["passphrase"] = passphrase
    if alg:
        made |= {"alg": alg, "kid": kid_of(alg, public), "message": MESSAGE.hex(), "sig": sign(alg, secret, passphrase).hex()}
    if compressed:
        public = openssl("ec", "-pubin", "-pubout", "-conv_form", "compressed", data=public)
    made["public"] = public.decode()
    return made


def entries():
    for alg, (curve, _) in CURVES.items():
        yield entry("ecparam -genkey (EC PARAMETERS, then SEC 1)", alg, openssl("ecparam", "-name", curve, "-genkey"))
        pkcs8 = openssl("genpkey", "-algorithm", "SM2" if curve == "SM2" else "EC", "-pkeyopt", "ec_paramgen_curve:" + curve)
        yield entry("genpkey", alg, pkcs8, compressed=curve == "secp256k1")
    sec1 = openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout")
    yield entry("ec -aes128 (SEC 1 with Proc-Type)", "ES256", openssl("ec", "-aes128", "-passout", "pass:open", data=sec1), "open")
    ed = openssl("genpkey", "-algorithm", "ed25519")
    yield entry("genpkey", "Ed25519", ed)
    yield entry("pkcs8 -topk8 -scrypt", "Ed25519", openssl("pkcs8", "-topk8", "-scrypt", "-passout", "pass:sesame", data=ed), "sesame")
    yield entry("genrsa", None, openssl("genrsa", "2048"))
    yield entry("P-384", None, openssl("ecparam", "-name", "secp384r1", "-genkey", "-noout"))
    yield entry("genpkey x25519", None, openssl("genpkey", "-algorithm", "x25519"))


if __name__ == "__main__":
    write("openssl.json", json.dumps(list(entries()), indent=1, sort_keys=True).encode() + b"\n")
