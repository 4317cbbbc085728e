// Files of one node, below its data directory. Paths are relative, with '/' between parts, no part
// "." or "..".
//
// What is durable: bytes of a file after sync() has answered; a name (created, renamed, removed)
// after sync_directory() of its directory has; directories themselves are durable when the first
// file in them has been opened. Anything else may or may not survive a power cut, in
// any combination, except that replace() is atomic and durable as a whole.
//
// Errors: kFull when there is no space (nothing was written, or a prefix of it, which the caller
// must cut); kNotFound; kCorrupt when the device cannot read; kUnknown when a write or a sync
// failed: what is on the disk is then anybody's guess, also for bytes written earlier and not yet
// synced, and a second sync() that succeeds proves nothing about them.
//
// A cancelled operation may still take place, whole or in part, until the file is closed.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "world/task.h"

namespace distkv::world {

// An open file. At most one operation that changes it may be under way, except that write_synced()
// may be called again while one is; reads may overlap. Closing (the destructor) waits for nothing
// and promises nothing.
class File {
public:
    File() = default;
    virtual ~File() = default;
    File(const File&) = delete;
    File& operator=(const File&) = delete;

    virtual Task<base::Result<void>> append(base::Bytes data) = 0;

    // write(), then sync(), in one go where that is cheaper: a log waits for both. Of several, each
    // begins only when the one before it is durable, so that the disk need not wait for the caller
    // between two. After one that failed, all fail with nothing written (kRetry), until a
    // truncate() has cut what it left.
    virtual Task<base::Result<void>> write_synced(std::uint64_t offset, base::Bytes data) = 0;
    virtual Task<base::Result<void>> write(std::uint64_t offset, base::Bytes data) = 0;

    // Fewer bytes than asked for only at the end of the file.
    virtual Task<base::Result<base::Bytes>> read(std::uint64_t offset, std::size_t size) = 0;
    virtual Task<base::Result<void>> sync() = 0;
    virtual Task<base::Result<void>> truncate(std::uint64_t size) = 0;
    [[nodiscard]] virtual std::uint64_t size() const = 0;
};

enum class OpenMode : std::uint8_t {
    kExisting,  // kNotFound when there is none.
    kCreate,    // Existing or new, directories on the way included.
    kExclusive  // New; kInvalid when there is one.
};

class Disk {
public:
    Disk() = default;
    virtual ~Disk() = default;
    Disk(const Disk&) = delete;
    Disk& operator=(const Disk&) = delete;

    virtual Task<base::Result<std::unique_ptr<File>>> open(std::string path, OpenMode mode) = 0;
    virtual Task<base::Result<void>> remove(std::string path) = 0;
    virtual Task<base::Result<void>> rename(std::string from, std::string to) = 0;
    virtual Task<base::Result<void>> sync_directory(std::string directory) = 0;

    // Names in a directory ("" is the data directory), sorted; sub-directories end in '/'.
    // kNotFound when nothing was ever created there; the same or nothing when all of it is gone.
    virtual Task<base::Result<std::vector<std::string>>> list(std::string directory) = 0;

    // Puts `contents` in the place of a small file: afterwards, and after a power cut at any
    // moment, the file holds all of the old or all of the new.
    Task<base::Result<void>> replace(std::string path, base::Bytes contents);

    // A whole small file, up to `bytes_max`.
    Task<base::Result<base::Bytes>> read_all(std::string path, std::size_t bytes_max);
};

// kInvalid unless `path` is relative and stays below its directory.
base::Result<void> check_path(std::string_view path);

}  // namespace distkv::world
