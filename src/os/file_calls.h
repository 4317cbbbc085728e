// The blocking calls behind Disk and File, as plain functions. They run on the file threads.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "os/fd.h"
#include "world/disk.h"

namespace distkv::os {

// An open file, shared by the operations under way: the descriptor lives until the last has ended,
// so that none of them ever touches a number that meanwhile means another file.
struct OpenFile {
    OpenFile(Fd descriptor, std::string name, std::uint64_t bytes)
        : fd(std::move(descriptor)), path(std::move(name)), size(bytes) {}

    Fd fd;
    std::string path;
    std::atomic<std::uint64_t> size;

    // A write or a sync failed. The kernel reports that once and then forgets it, together with the
    // dirty pages, so nothing that a later sync says can be believed.
    std::atomic<bool> broken = false;

    // A write_synced_bytes() failed; what was to follow it must not be written.
    std::atomic<bool> refusing = false;
};

using SharedFile = std::shared_ptr<OpenFile>;

// The directory that everything lies below; held by one process at a time.
class DataDirectory {
public:
    // Made when it does not exist. kRetry when another process has it.
    static base::Result<DataDirectory> open(const std::string& path);

    [[nodiscard]] int fd() const { return fd_.get(); }

private:
    explicit DataDirectory(Fd fd) : fd_(std::move(fd)) {}

    Fd fd_;
};

base::Result<SharedFile> open_file(int directory, const std::string& path, world::OpenMode mode);

// At the end of the file as it is when the call runs.
base::Result<void> append_bytes(OpenFile& file, base::ByteView data);
base::Result<void> write_bytes(OpenFile& file, std::uint64_t offset, base::ByteView data);
base::Result<base::Bytes> read_bytes(const OpenFile& file, std::uint64_t offset, std::size_t size);
base::Result<void> truncate_file(OpenFile& file, std::uint64_t size);
base::Result<void> sync_file(OpenFile& file);

// Both. After a failure it does nothing more (kRetry) until truncate_file() has succeeded.
base::Result<void> write_synced_bytes(OpenFile& file, std::uint64_t offset, base::ByteView data);

base::Result<void> remove_file(int directory, const std::string& path);
base::Result<void> rename_file(int directory, const std::string& from, const std::string& to);
base::Result<void> sync_folder(int directory, const std::string& path);
base::Result<std::vector<std::string>> list_folder(int directory, const std::string& path);

}  // namespace distkv::os
