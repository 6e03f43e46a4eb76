"""Makes genesis.json, genesis.id and genesis.leaf: a ledger of one node, an operator and a registrar (FORMATS, section 1).

genesis.json  the canonical bytes (RFC 8785)
genesis.id    the ledger id: SHA-256 of them, in hexadecimal
genesis.leaf  leaf 0 in hexadecimal: 0x01, the time `created`, the ledger id (FORMATS, section 2)

Every secret is SHA-256 of a text (primitives.seed), so anybody can make the file again: python3 make_genesis.py
The VOPRF public key is the generator of ristretto255 (RFC 9496 appendix A.1), the public key of the secret 1.
"""
import hashlib

from primitives import b64u, ed_public, jcs, jwk, seed, subkey, vkey, write

ORIGIN = "qizheng.invalid/00c0ffee"
NODE = ORIGIN + "/node/1"
CREATED_MS = 1795420542123
GENERATOR = bytes.fromhex("e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76")


def genesis():
    node_seed = seed("node 1")
    return {
        "format": "urn:qizheng:genesis:1",
        "created": CREATED_MS,
        "origin": ORIGIN,
        "protocol": 1,
        "nodes": [
            {
                "name": NODE,
                "operator": "operator",
                "log_vkey": vkey(ORIGIN, 1, ed_public(subkey(node_seed, 1))),
                "cosigner_vkey": vkey(NODE, 4, ed_public(subkey(node_seed, 2))),
                "auth": jwk("Ed25519", subkey(node_seed, 3)),
                "voprf": {"labour": b64u(GENERATOR)},
            }
        ],
        "participants": [
            {
                "id": "operator",
                "name": "示例运行机构",
                "uscc": "91350100M000100Y43",
                "roles": ["operator"],
                "keys": [{"jwk": jwk("ES256K", seed("operator")), "from": 1795420542}],
            },
            {
                "id": "registrar",
                "name": "示例登记机构",
                "uscc": "91512081MA62K0260E",
                "roles": ["registrar", "auditor"],
                "keys": [{"jwk": jwk("Ed25519", seed("registrar")), "from": 1795420542, "to": 1826956542}],
            },
        ],
        "quorum": "bft",
        "parameters": {"window_s": 604800},
        "rules": [
            {"id": "BN-01", "version": 1, "action": "reject", "parameters": {}},
            {"id": "LC-03", "version": 1, "action": "flag", "parameters": {"months": [0, 1, 2, 6]}},
        ],
    }


def main():
    text = jcs(genesis())
    ledger_id = hashlib.sha256(text).digest()
    write("genesis.json", text)
    write("genesis.id", ledger_id.hex().encode() + b"\n")
    write("genesis.leaf", (b"\x01" + CREATED_MS.to_bytes(8, "big") + ledger_id).hex().encode() + b"\n")


if __name__ == "__main__":
    main()
