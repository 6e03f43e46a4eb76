"""The disk after a power cut: replays what powercut.c wrote down up to a moment, keeps what was durable by then, and makes that a folder.

    disk = Disk(base); disk.apply(op) for each op of ops(path); disk.dump(out, keep, strict, random)

What is durable: the content of a file at its last fsync or fdatasync. Of names there are two models. `ordered`: a file's sync makes every earlier change of names durable, too, as
ext4 and XFS do with their one journal. `strict`: only the sync of a folder makes its names durable, as POSIX promises; LevelDB counts on the other, so its own folder is always
ordered. What was not durable at the cut may be lost (`none`), there all the same (`all`), or there in part (`torn`: of what was written behind the last sync each file keeps a
random part of its length, whose last block may be zeros; of names, a random number of the changes, in order)."""
import os
import struct
import sys

OPEN, WRITE, TRUNCATE, SYNC, RENAME, UNLINK, MKDIR, RMDIR, LINK = range(1, 10)
BLOCK = 4096


def ops(path):
    """(ns, operation, text, bytes, offset) of a log, up to where it is whole."""
    with open(path, "rb") as file:
        while len(head := file.read(25)) == 25:
            ns, operation, a_len, b_len, offset = struct.unpack("<QBIIQ", head)
            a, b = file.read(a_len), file.read(b_len)
            if len(b) == b_len and len(a) == a_len:
                yield ns, operation, a.decode(), b, offset


class Inode:
    def __init__(self, data=b""):
        self.data, self.durable = bytearray(data), bytes(data)


class Disk:
    def __init__(self, base, ordered_folders=("data/db",)):
        self.ordered_folders = ordered_folders
        self.names, self.folders = {}, set()
        for folder, folders, files in os.walk(base):
            for name in folders:
                self.folders.add(os.path.relpath(os.path.join(folder, name), base))
            for name in files:
                path = os.path.join(folder, name)
                with open(path, "rb") as file:
                    self.names[os.path.relpath(path, base)] = Inode(file.read())
        self.durable_names, self.durable_folders = dict(self.names), set(self.folders)
        self.pending = []  # changes of names that no sync has made durable yet, in order: (folder, function)

    def _name(self, path, change):
        change(self.names, self.folders)
        self.pending.append((os.path.dirname(path), change))

    def _settle(self, wanted):
        rest = []
        for folder, change in self.pending:
            if wanted(folder):
                change(self.durable_names, self.durable_folders)
            else:
                rest.append((folder, change))
        self.pending = rest

    def apply(self, op, strict):
        _, operation, path, more, offset = op
        if operation == OPEN:
            inode = Inode()
            self._name(path, lambda names, _: names.__setitem__(path, inode))
        elif operation == WRITE:
            data = self.names[path].data
            if len(data) < offset:
                data.extend(bytes(offset - len(data)))
            data[offset:offset + len(more)] = more
        elif operation == TRUNCATE:
            data = self.names[path].data
            del data[offset:]
            data.extend(bytes(offset - len(data)))
        elif operation == SYNC and path in self.names:
            inode = self.names[path]
            inode.durable = bytes(inode.data)
            self._settle(lambda folder: not strict or folder in self.ordered_folders)
        elif operation == SYNC:
            self._settle(lambda folder: folder == path or not strict)
        elif operation in (RENAME, LINK):
            to, moves = more.decode(), operation == RENAME
            self._name(to, lambda names, _: names.__setitem__(to, names.pop(path) if moves else names[path]))
        elif operation == UNLINK:
            self._name(path, lambda names, _: names.pop(path, None))
        elif operation == MKDIR:
            self._name(path, lambda _, folders: folders.add(path))
        elif operation == RMDIR:
            self._name(path, lambda _, folders: folders.discard(path))

    def _content(self, inode, keep, random):
        if keep == "all":
            return bytes(inode.data)
        if keep == "none" or bytes(inode.data) == inode.durable:
            return inode.durable
        if bytes(inode.data[:len(inode.durable)]) != inode.durable:
            return random.choice([inode.durable, bytes(inode.data)])  # written over in place: one or the other
        more = inode.data[len(inode.durable):]
        more = more[:random.randint(0, len(more))]
        if more and random.random() < 0.5:
            more[-min(len(more), random.randint(1, BLOCK)):] = bytes(min(len(more), random.randint(1, BLOCK)))
        return inode.durable + bytes(more)

    def dump(self, out, keep, random):
        names, folders = dict(self.durable_names), set(self.durable_folders)
        count = {"all": len(self.pending), "none": 0, "torn": random.randint(0, len(self.pending))}[keep]
        for _, change in self.pending[:count]:
            change(names, folders)
        for folder in sorted(folders):
            os.makedirs(os.path.join(out, folder), mode=0o700, exist_ok=True)
        for name, inode in names.items():
            if not os.path.isdir(os.path.dirname(os.path.join(out, name))):
                continue  # its folder's name was lost
            with open(os.path.join(out, name), "wb", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
                file.write(self._content(inode, keep, random))


if __name__ == "__main__":
    counts = {}
    for _, operation, path, _, _ in ops(sys.argv[1]):
        counts[operation] = counts.get(operation, 0) + 1
    print(counts)
